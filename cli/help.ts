/**
 * `headgate help`.
 *
 * @module
 */

const HELP = `Headgate: one gateway between your applications and every model provider.

  headgate serve     start the gateway
    --config FILE    JSON with comments; else ./headgate.jsonc or ./headgate.json, else none
    --port 8787      0 picks a free one
    --host 127.0.0.1 0.0.0.0 lets other machines in
    --https          with a certificate for localhost, made at start
    --runtime NAME   node, deno, bun, workers or vercel; else the one this command runs on
    --log json       one line of JSON for each call on stdout, or off

  headgate redis     start a REST front for Redis, as Upstash's client libraries want it
    --redis URL      redis://, rediss:// or unix://; else a redis-server of its own, without persistence
    --token TOKEN    asked of callers, or env:NAME; else a random one, which is printed
    --port 8079      0 picks a free one
    --host 127.0.0.1

  headgate check     print all that is wrong with the config
    --config FILE

  headgate schema    print the JSON Schema of the config
  headgate version
  headgate help

Without a config, every provider whose usual environment variable is set is on, and so is demo,
which needs no key and no network.`;

/** Prints what can be typed. */
export function help(): number {
  console.log(HELP);
  return 0;
}
