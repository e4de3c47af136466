import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse } from "jsonc-parser";
import { schemaText } from "../scripts/schema.ts";
import { parseConfig } from "../src/config.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** A JSON Schema, as far as it is looked into here. */
interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

/** All keys of a schema, with what is said of them. */
function keysOf(node: Node): (readonly [name: string, description: string | undefined])[] {
  const named = Object.entries(node.properties ?? {});
  const inner = [...named.map(([, child]) => child), node.items, node.additionalProperties, ...node.anyOf ?? []];
  const below = inner.filter((child): child is Node => typeof child === "object").flatMap(keysOf);
  return [...named.map(([name, { description }]) => [name, description] as const), ...below];
}

describe("headgate.schema.json", () => {
  it("is what the config is checked against", () => {
    assert.equal(
      read("headgate.schema.json"),
      schemaText(),
      "run node scripts/schema.ts and commit headgate.schema.json",
    );
  });

  it("tells of every key, and refuses others", () => {
    const schema = JSON.parse(schemaText()) as Node;
    const keys = keysOf(schema);
    assert.ok(keys.length > 30);
    for (const [name, description] of keys) assert.match(description ?? "", /^.{10,}\.$/, name);
    assert.equal(schema.additionalProperties, false);
  });
});

describe("docs/configuration.md", () => {
  const page = read("docs/configuration.md");

  it("shows a config that is one", () => {
    const [, example = ""] = /```jsonc\n([\s\S]*?)```/.exec(page) ?? [];
    const config = parseConfig(parse(example, [], { disallowComments: false }), (name) => `value-of-${name}`);
    assert.equal(config.providers?.["openai"]?.key, "value-of-OPENAI_API_KEY");
    assert.equal(config.gateways?.["voice-prod"]?.limits?.[0]?.match, "acme-co");
  });

  it("names every key", () => {
    const missing = keysOf(JSON.parse(schemaText()) as Node).filter(([name]) => !page.includes(name));
    assert.deepEqual(missing, []);
  });
});
