import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseFlags, UsageError } from "../cli/flags.ts";

const parsed = (line: string) => parseFlags(line.split(" ").filter((word) => word !== ""));

/** What is said of a line that can't be understood. */
function complaint(line: string): string {
  try {
    parsed(line);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
  return "";
}

describe("parseFlags", () => {
  it("knows the flags of each command, in both spellings", () => {
    const usual = {
      name: "serve",
      config: undefined,
      port: 8787,
      hostname: "127.0.0.1",
      isSecure: false,
      runtime: undefined,
      log: undefined,
    };
    assert.deepEqual(parsed("serve"), usual);
    assert.deepEqual(parsed("serve --config a.json --port 0 --host :: --https --runtime deno --log json"), {
      ...usual,
      config: "a.json",
      port: 0,
      hostname: "::",
      isSecure: true,
      runtime: "deno",
      log: "json",
    });
    assert.deepEqual(parsed("serve --config=a.json -p 65535 --host=0.0.0.0"), {
      ...usual,
      config: "a.json",
      port: 65535,
      hostname: "0.0.0.0",
    });
    assert.deepEqual(parsed("check -c a.json"), { name: "check", config: "a.json" });
    const redis = { name: "redis", port: 8079, hostname: "127.0.0.1", redis: undefined, token: undefined };
    assert.deepEqual(parsed("redis"), redis);
    assert.deepEqual(parsed("redis -p 0 --host :: --redis redis://:x@y --token env:T"), {
      ...redis,
      port: 0,
      hostname: "::",
      redis: "redis://:x@y",
      token: "env:T",
    });
    assert.deepEqual(parsed("schema"), { name: "schema" });
    assert.deepEqual(
      ["", "help", "--help", "serve --help", "-h"].map((line) => parsed(line).name),
      Array(5).fill("help"),
    );
    assert.deepEqual(["version", "--version", "-v"].map((line) => parsed(line).name), Array(3).fill("version"));
  });

  it("guesses what was meant", () => {
    const cases = {
      "srve": "did you mean serve?",
      "serve --prot 1": "did you mean --port?",
      "serve --runtme deno": "did you mean --runtime?",
      "serve --runtime denno": "did you mean deno?",
      "redsi": "did you mean redis?",
      "redis --tokn x": "did you mean --token?",
      "serve --log jsno": "did you mean json?",
    };
    for (const [line, meant] of Object.entries(cases)) assert.ok(complaint(line).endsWith(meant), complaint(line));
  });

  it("takes no value that a flag can't have", () => {
    for (const port of ["65536", "-1", "1.5", "x", "0x10", "123456"]) {
      assert.match(complaint(`serve --port ${port}`), /--port/, port);
    }
    for (const line of ["serve --port", "serve --config", "serve --port --https", "serve --https=yes"]) {
      assert.match(complaint(line), /value/, line);
    }
    assert.match(complaint("serve --log xml"), /json, off/);
    assert.match(complaint("serve --runtime php"), /node, deno, bun, workers, vercel/);
  });

  it("takes no flag that means nothing to the command", () => {
    for (
      const line of [
        "check --port 1",
        "redis --https",
        "serve --token x",
        "schema --config x",
        "serve x",
        "check a b",
        "--port 1",
        "constructor",
      ]
    ) {
      assert.notEqual(complaint(line), "", line);
    }
  });
});
