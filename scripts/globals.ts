/**
 * Fails when the core names a global that some runtime lacks, or a runtime itself.
 *
 * Looks at every file under src/ by itself, then at what the core's bundle brings along from npm.
 *
 * @module
 */
import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import process from "node:process";
import { type Node, parse } from "acorn";
import { analyze } from "eslint-scope";
import { bundle } from "./bundle.ts";
import { portable, tooNew } from "./standard.ts";

/** One name that does not belong in the core, and where it stands. */
interface Culprit {
  readonly name: string;
  readonly line: number;
}

const files = ["mod.ts", ...globSync("src/**/*.ts")];
let count = 0;

for (const file of files) {
  try {
    for (const { name, line } of culprits(stripTypeScriptTypes(readFileSync(file, "utf8")))) {
      report(`${file}:${line}`, name);
    }
  } catch (error) {
    report(file, `Syntax beyond ECMAScript 2022 (${(error as Error).message})`);
  }
}

for (const entry of ["mod.ts", "src/prices.ts", "src/signing.ts"]) {
  const { code } = await bundle(`export * from "./${entry}";`, false);
  const lines = code.split("\n");
  for (const { name, line } of culprits(code)) {
    const file = lines.slice(0, line).findLast((text) => /^\/\/ \S+\.[cm]?[jt]s$/.test(text))?.slice(3) ?? "the bundle";
    if (file.includes("node_modules")) report(`${entry} brings along ${file}`, name);
  }
}

console.log(
  `${files.length} files and their dependencies: ${count === 0 ? "only portable names" : `${count} culprits`}.`,
);
if (count > 0) process.exitCode = 1;

function report(where: string, name: string): void {
  count++;
  console.error(`${where}: ${name} is not in every runtime; move it to adapters/ or do without it.`);
}

/** Names in a piece of JavaScript that the standard does not promise. */
function culprits(code: string): Culprit[] {
  const tree = parse(code, { ecmaVersion: 2022, sourceType: "module", ranges: true, locations: true });
  const scopes = analyze(tree as Parameters<typeof analyze>[0], { ecmaVersion: 2022, sourceType: "module" });
  const free = scopes.globalScope?.through.map(({ identifier }) => identifier) ?? [];
  const globals = new Set<unknown>(free);
  const found = free.filter(({ name }) => !portable.has(name)).map(({ name, loc }) => ({
    name,
    line: loc?.start.line ?? 0,
  }));
  visit(tree, (node) => {
    const name = imported(node) ?? member(node, globals);
    if (name !== undefined) found.push({ name, line: node.loc?.start.line ?? 0 });
  });
  return found;
}

/** A module that only one runtime has, if the node imports one. */
function imported(node: Fields): string | undefined {
  const source = field(node, "source")?.["value"];
  return typeof source === "string" && /^(?:node|bun|cloudflare|deno|jsr|https?):/.test(source) ? source : undefined;
}

/** `Promise.withResolvers` or `globalThis.process`, if the node is such a thing. */
function member(node: Fields, globals: ReadonlySet<unknown>): string | undefined {
  const object = field(node, "object");
  const property = field(node, "property");
  if (node.type !== "MemberExpression" || node["computed"] === true || !globals.has(object)) return undefined;
  const name = `${object?.["name"]}.${property?.["name"]}`;
  const outside = object?.["name"] === "globalThis" && !portable.has(String(property?.["name"]));
  return outside || tooNew.has(name) ? name : undefined;
}

/** A syntax node whose fields are looked at by name. */
type Fields = Node & { readonly [name: string]: unknown };

function field(node: Fields, name: string): Fields | undefined {
  const value = node[name];
  return isNode(value) ? value : undefined;
}

function isNode(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function visit(value: unknown, see: (node: Fields) => void): void {
  if (Array.isArray(value)) return value.forEach((item) => visit(item, see));
  if (!isNode(value)) return;
  see(value);
  // What asks whether a member is there may use it where it is.
  const isAsked = value.type === "IfStatement" && field(value, "test")?.type === "MemberExpression";
  for (const inner of isAsked ? [value["alternate"]] : Object.values(value)) visit(inner, see);
}
