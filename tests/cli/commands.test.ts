import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Command, type Finished, within } from "./command.ts";

const ran = (
  args: readonly string[],
  files: Record<string, string> = {},
  env: Record<string, string> = {},
): Promise<Finished> => within(files, (folder) => new Command(args, folder, env).finished());

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("headgate", { concurrency: 2 }, () => {
  it("says what can be typed", async () => {
    for (const args of [[], ["help"], ["--help"], ["serve", "-h"]]) {
      const { code, stdout } = await ran(args);
      assert.equal(code, 0);
      for (const word of ["serve", "redis", "check", "schema", "--config", "--port", "--runtime"]) {
        assert.ok(stdout.includes(word), word);
      }
    }
  });

  it("says its version", async () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    assert.equal((await ran(["--version"])).stdout, `${version}\n`);
  });

  it("prints the schema that lies in the package", async () => {
    assert.equal((await ran(["schema"])).stdout, read("headgate.schema.json"));
  });

  it("exits with 2 and one line when it isn't understood", async () => {
    const { code, stdout, stderr } = await ran(["serve", "--prot", "1"]);
    assert.deepEqual([code, stdout, stderr], [
      2,
      "",
      "headgate: serve knows no --prot; did you mean --port?\n",
    ]);
  });
});

describe("headgate check", { concurrency: 2 }, () => {
  it("takes JSON with comments and says what it comes to", async () => {
    const text =
      '\uFEFF{\n  // a comment\n  "providers": { "openai": { "key": "env:KEY" } }, /* another */ "log": "json",\n}';
    const { code, stdout } = await ran(["check"], { "headgate.jsonc": text }, { KEY: "sk-SECRET" });
    assert.equal(code, 0);
    assert.match(stdout, /^ok: headgate\.jsonc: .*openai/);
    assert.doesNotMatch(stdout, /SECRET/);
  });

  it("names the store, and nothing of what opens it", async () => {
    const text =
      '{ "store": { "timeout": 50, "upstash": { "url": "https://redis.example.com", "token": "env:KEY" } } }';
    const { code, stdout } = await ran(["check"], { "headgate.jsonc": text }, { KEY: "SECRET" });
    assert.equal(code, 0);
    assert.match(stdout, /store upstash;/);
    assert.doesNotMatch(stdout, /SECRET|redis\.example/);
  });

  it("prints every error with its path and exits with 1", async () => {
    const text =
      '{ "providers": { "opnai": {} }, "bogus": 1, "gateways": { "a": { "routes": {} } }, "drainSeconds": "x" }';
    const { code, stderr } = await ran(["check", "--config", "my.json"], { "my.json": text });
    assert.equal(code, 1);
    assert.deepEqual(stderr.trimEnd().split("\n").toSorted(), [
      "4 errors",
      "bogus is not a known key",
      "drainSeconds must be a whole number from 0 to 3600",
      "gateways.a.routes is not supported by this version; remove it",
      'providers.opnai is not a provider\'s name; did you mean "openai"?',
    ]);
  });

  it("names the line of what is no JSON, and of a key that is there twice", async () => {
    const { code, stderr } = await ran(["check"], {
      "headgate.json": '{"log": "json",\n "log": "off",\n "store": memory}',
    });
    assert.equal(code, 1);
    assert.match(stderr, /^headgate\.json:2:2 has the key "log" twice$/m);
    assert.match(stderr, /^headgate\.json:3:11 is not JSON: /m);
  });

  it("says which config it doesn't find", async () => {
    const { code, stderr } = await ran(["check", "--config", "none.json"]);
    assert.deepEqual([code, stderr], [1, "headgate: There is no config at none.json: check --config.\n"]);
  });

  it("is content without a config", async () => {
    const { code, stdout } = await ran(["check"], {}, { GROQ_API_KEY: "gsk-SECRET" });
    assert.equal(code, 0);
    assert.match(stdout, /providers groq/);
    assert.doesNotMatch(stdout, /SECRET/);
  });
});
