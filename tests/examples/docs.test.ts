import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { parse, type ParseError } from "jsonc-parser";
import { steps } from "../../scripts/steps.ts";
import { signers } from "../../cli/signers.ts";
import { parseConfig } from "../../src/config.ts";
import { findProvider } from "../../src/providers/table.ts";
import { parseRoute } from "../../src/routing/route.ts";
import { runErrors, typeErrors } from "./compile.ts";
import { anchors, type Block, blocks, DOCUMENTS, links } from "./markdown.ts";
import { Program, ROOT } from "./program.ts";

const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const all: readonly Block[] = DOCUMENTS.flatMap(blocks);
const of = (...languages: string[]): Block[] => all.filter(({ language }) => languages.includes(language));
const at = ({ document, line }: Block): string => `${document}:${line}`;

/** The README's only block with these words after its fence. */
function block(fence: string): string {
  const [found, ...others] = blocks("README.md").filter(({ language, note }) => `${language} ${note}` === fence);
  assert.ok(found !== undefined && others.length === 0, `README.md needs one block of ${fence}`);
  return found.code;
}

/** The address that documents show. */
const SHOWN = "http://127.0.0.1:8787";

function serve(flags: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  return new Program(process.execPath, ["cli/main.ts", "serve", ...flags, "--port", "0"], { env });
}

/** Text without what differs from day to day: the version. */
const plain = (text: string): string => text.trim().replace(/^Headgate \S+/m, "Headgate 0.0.0");

/** What a gateway prints when it starts, as documents show it. */
async function printed(server: Program, ask?: (url: string) => Promise<void>): Promise<string> {
  try {
    const url = await server.listening();
    await server.said("-d '");
    await ask?.(url);
    const lines = server.stdout.split("\n").filter((line) => !line.startsWith("> "));
    return plain(lines.join("\n").replaceAll(url, SHOWN));
  } finally {
    await server.stop();
  }
}

/** Runs a script, and gives back the head of each answer that its `curl` got. */
async function shell(script: string): Promise<string[]> {
  const heads = join(mkdtempSync(join(tmpdir(), "headgate-documents-")), "heads");
  const curl = 'curl() { command curl -sS -m 10 -D "$HEADS.1" "$@"; cat "$HEADS.1" >>"$HEADS"; }\n';
  const program = new Program("sh", ["-ec", curl + script], { env: { HEADS: heads } });
  try {
    assert.equal(await program.ended(), 0, program.stderr);
    return readFileSync(heads, "utf8").replaceAll("\r", "").split("\n\n").filter((head) => head !== "");
  } finally {
    rmSync(dirname(heads), { recursive: true });
  }
}

describe("TypeScript in the documents", () => {
  test("has no type error", async () => {
    const wrong = (line: number, code: string): Block => ({ document: "x.md", line, language: "ts", note: "", code });
    const errors = await typeErrors([
      ...of("ts"),
      wrong(1, 'import { gateway } from "headgate"; gateway({ provider: {} });'),
      wrong(2, 'import { compose, fallback, send } from "headgate"; compose().use(fallback()).to(send());'),
    ]);
    assert.deepEqual(errors.filter((error) => /^(?!x\.md)\S+\.md:/.test(error)), []);
    for (const line of [1, 2]) assert.ok(errors.some((error) => error.startsWith(`x.md:${line}:`)), errors.join("\n"));
  });

  test("runs where it neither waits for an answer nor serves", async () => {
    const calm = of("ts").filter(({ code }) => !/\bawait\b|\bserve\(/.test(code));
    assert.ok(calm.length > 0);
    assert.deepEqual(await runErrors(calm), []);
  });
});

describe("JSON in the documents", () => {
  for (const found of of("json", "jsonc")) {
    test(`is well-formed at ${at(found)}`, () => {
      const errors: ParseError[] = [];
      const value = found.language === "json" ? JSON.parse(found.code) : parse(found.code, errors);
      assert.deepEqual(errors, []);
      if (found.language === "jsonc" && isConfig(found, value)) {
        parseConfig(value, () => "set-to-something-long-enough", signers);
      }
    });
  }
});

/** A config of the gateway's own shows itself by what it begins with, or by its providers. */
const isConfig = ({ code }: Block, value: object): boolean =>
  code.startsWith("// headgate.jsonc") || "providers" in value || "gateways" in value;

describe("links in the documents", () => {
  for (const document of DOCUMENTS) {
    test(`of ${document} lead somewhere`, () => {
      for (const { line, target } of links(document)) {
        const [path = "", anchor] = target.split("#");
        const file = path === "" ? document : normalize(join(dirname(document), path));
        assert.ok(existsSync(join(ROOT, file)), `${document}:${line}: there is no ${target}`);
        if (anchor === undefined) continue;
        assert.ok(anchors(file).includes(anchor), `${document}:${line}: there is no heading for ${target}`);
      }
    });
  }
});

describe("addresses in the documents", () => {
  const isProvider = (slug: string): boolean => slug === "demo" || findProvider(slug) !== undefined;
  const isServed = (path: string): boolean => parseRoute("POST", path, isProvider).kind !== "unknown";

  test("are, or begin, what the gateway serves", () => {
    const addresses = DOCUMENTS.flatMap((document) =>
      [...text(document).matchAll(/http:\/\/127\.0\.0\.1:8787(\/[\w./:{}-]*)/g)]
        .map(([, path = ""]) => ({ document, path: path.replace(/[.:]+$/, "").replace(/\{\w+\}/g, "acme") }))
    );
    assert.ok(addresses.length > 20);
    for (const { document, path } of addresses) {
      const isKnown = isServed(path) || isServed(`${path}/chat/completions`);
      assert.ok(isKnown, `${document}: nothing is served at ${path}`);
    }
  });
});

describe("npm's scripts in the documents", () => {
  const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> };
  const told = DOCUMENTS.map(text).join("\n");
  const named = (pattern: RegExp): string[] => [...new Set([...told.matchAll(pattern)].map(([, name = ""]) => name))];

  for (const name of ["start", "test", ...named(/\bnpm run (\w+)/g)]) {
    test(`${name} is there`, () => {
      const [command, file = ""] = scripts[name]?.split(" ") ?? [];
      assert.ok(command !== undefined, `package.json has no script ${name}`);
      if (command === "node") assert.ok(existsSync(join(ROOT, file)), `there is no ${file}`);
    });
  }

  test("test has the steps that are named", () => {
    const names = named(/\bnpm test -- ([a-z][\w: ]*)/g).flatMap((words) => words.trim().split(/\s+/));
    assert.ok(names.length > 0);
    const known = steps.flatMap(({ name }) => [name, name.split(":")[0]]);
    for (const name of names) assert.ok(known.includes(name), `npm test knows no step ${name}`);
  });
});

describe("commands in the documents", () => {
  let server: Program;
  let url: string;
  before(async () => {
    server = serve([]);
    url = await server.listening();
  });
  after(() => server.stop());

  const calls = of("sh").filter(({ code }) => /^curl\b.* ["']?http:\/\/127\.0\.0\.1:8787/.test(code));
  test("there are some that call the gateway", () => assert.ok(calls.length > 0));
  for (const found of calls) {
    test(`are answered with 200 at ${at(found)}`, async () => {
      const answers = await shell(found.code.replaceAll(SHOWN, url));
      assert.ok(answers.length > 0);
      for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200 /);
    });
  }

  for (const found of of("console").filter(({ code }) => /^\$ .*headgate serve/.test(code))) {
    test(`print what is shown at ${at(found)}`, async () => {
      const [, set = "", flags = ""] = /^\$ ((?:\w+=\S+ )*)headgate serve ?(.*)/.exec(found.code) ?? [];
      const env = Object.fromEntries(set.trim().split(" ").filter(Boolean).map((pair) => pair.split("=")));
      const shown = found.code.slice(found.code.indexOf("\n") + 1);
      assert.equal(await printed(serve(flags.split(" ").filter(Boolean), env)), plain(shown));
    });
  }
});

describe("the README", () => {
  test("shows what npm start prints, and its curl answers", async () => {
    const shown = block("text output");
    assert.equal(block("sh start"), "npm ci && npm start");
    const start = new Program("npm", ["start", "--", "--port", "0"]);
    const told = await printed(start, async (url) => {
      const [answer, ...others] = await shell(shown.slice(shown.indexOf("curl")).replaceAll(SHOWN, url));
      assert.match(answer ?? "", /^HTTP\/1\.1 200 /);
      assert.deepEqual(others, []);
    });
    assert.equal(plain(shown), told);
  });

  test("falls back to the second step where it says so", async () => {
    const server = serve([]);
    const found = blocks("README.md").find(({ code }) => code.includes('"model": "down"'));
    try {
      const [answer = ""] = await shell((found?.code ?? "").replaceAll(SHOWN, await server.listening()));
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.match(answer, /^cf-aig-step: 1$/m);
    } finally {
      await server.stop();
    }
  });

  test("shows lines of the matrix as they are", () => {
    const rows = (document: string): string[] => text(document).split("\n").filter((line) => /^\|.*[✓✗]/.test(line));
    assert.ok(rows("README.md").length > 0);
    for (const row of rows("README.md")) {
      assert.ok(rows("docs/runtimes.md").includes(row), `docs/runtimes.md doesn't say: ${row}`);
    }
  });

  test("gives the test command first, so that whoever looks for one finds it", async () => {
    const [, search] = /\$\((awk '[^']+' README\.md)\)/.exec(text(".ci/run")) ?? [];
    const program = new Program("sh", ["-ec", search ?? "exit 1"]);
    assert.equal(await program.ended(), 0, program.stderr);
    assert.equal(program.stdout.trim(), block("sh test"));
    assert.match(block("sh test"), /^npm ci && npm test$/);
  });

  test("is read in a few minutes", () => {
    const lines = text("README.md").split("\n").length - 1;
    assert.ok(lines <= 180, `README.md has ${lines} lines, and 180 are enough`);
  });
});
