import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Command, type Finished, within } from "./command.ts";

/** Where there is no Redis server to be found. */
const refused = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  within({}, (folder) => new Command(["redis", ...args], folder, { PATH: folder, ...env }).finished());

describe("headgate redis", { concurrency: 2 }, () => {
  it("says in one line why it can't start, and repeats no secret", async () => {
    const cases: readonly (readonly [args: readonly string[], said: RegExp])[] = [
      [[], /^headgate: There is no redis-server or valkey-server on the PATH: run apt-get install redis-server, or/],
      [["--redis", "http://:SECRET@x"], /^headgate: --redis takes an address such as redis:\/\/127\.0\.0\.1:6379, /],
      [["--redis", "redis://:SECRET@127.0.0.1/x"], /^headgate: --redis takes a database's number after the last slash/],
      [["--redis", "redis://:SECRET@127.0.0.1:1"], /^headgate: Redis doesn't answer: check that it runs, and /],
      [
        ["--redis", "env:NONE"],
        /^headgate: --redis asks for the environment variable NONE, which is not set: set it\./,
      ],
      [
        ["--token", "env:NONE"],
        /^headgate: --token asks for the environment variable NONE, which is not set: set it\./,
      ],
      [["--token="], /^headgate: --token is empty: give one, or leave it out for a random one\./],
      [["--host", "0.0.0.0", "--token", "SECRET"], /^headgate: On 0\.0\.0\.0 others can try tokens: give --token 16 /],
      [["--host", "::", "--token", "env:SHORT"], /^headgate: On :: others can try tokens: give --token 16 /],
    ];
    for (const [args, said] of cases) {
      const { code, stdout, stderr } = await refused(args, { SHORT: "SECRET" });
      assert.deepEqual([code, stdout], [1, ""], args.join(" "));
      assert.match(stderr, said);
      assert.match(stderr, /^[^\n]+\n$/);
      assert.doesNotMatch(stderr, /SECRET/);
    }
  });
});
