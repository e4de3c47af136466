import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chat, Command, type Host, within } from "./command.ts";

for (const host of ["deno", "bun"] as const satisfies Host[]) {
  describe(`the command line on ${host}`, () => {
    it("checks a config", async () => {
      const file = '{ "log": "jsn", /* a comment */ "providers": { "openai": { "key": "env:KEY" } } }';
      const check = (env: Record<string, string>) =>
        within({ "headgate.jsonc": file }, (folder) => new Command(["check"], folder, env, host).finished());
      const { code, stderr } = await check({});
      assert.equal(code, 1);
      assert.match(stderr, /^providers\.openai\.key asks for the environment variable KEY/m);
      assert.match(stderr, /^log must be "json" or "off"; did you mean "json"\?$/m);
    });

    it("serves on its own runtime unless told otherwise, and ends with 0", async () => {
      for (const [flags, runtime] of [[[], host], [["--runtime", "node"], "node"]] as const) {
        await within({}, async (folder) => {
          const command = new Command(
            ["serve", "--port", "0", ...flags],
            folder,
            { OPENAI_API_KEY: "sk-SECRET" },
            host,
          );
          try {
            const url = await command.url();
            assert.deepEqual(await (await fetch(`${url}/healthz`)).json(), { status: "ok", runtime });
            const answer = await fetch(`${url}/v1/chat/completions`, chat("demo/echo", true));
            assert.match(await answer.text(), /data: \[DONE\]/);
            assert.match(command.stdout, /found OPENAI_API_KEY/);
            assert.doesNotMatch(command.output, /SECRET/);
            command.signal("SIGTERM");
            assert.equal((await command.finished()).code, 0);
          } finally {
            await command.kill();
          }
        });
      }
    });
  });
}
