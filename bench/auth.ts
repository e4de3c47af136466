/**
 * What it takes to find out who is calling, on Node, Deno and Bun: microseconds a call, in process and without a provider,
 * beside the same call at a gateway that asks nobody. In turns, because the speed of a machine drifts. Cold: a credential
 * that was never seen; remembered: one that was. Options: `--runtime node,bun`, `--calls 400`, `--turns 9`.
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { auth, compose, entry, type Gateway, hashOf, Holders, type KeyRecord, newSecret } from "../mod.ts";
import { jwt } from "../src/keys/jwt.ts";
import { claims, mint, signer } from "../tests/keys/mint.ts";

const { values } = parseArgs({
  options: {
    runtime: { type: "string", default: "node,deno,bun" },
    calls: { type: "string", default: "400" },
    turns: { type: "string", default: "9" },
    here: { type: "string" },
  },
});
const [calls, turns] = [Number(values.calls), Number(values.turns)];

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  node: ["node", "--disable-warning=ExperimentalWarning"],
  deno: ["deno", "run", "-A", "--no-check"],
  bun: ["bun", "run"],
};

if (values.here === undefined) {
  console.log("| runtime | no check | config key | keyring key, cold | remembered | ES256 token, cold | remembered |");
  console.log("|---|---|---|---|---|---|---|");
  for (const runtime of values.runtime.split(",")) {
    const [command = "", ...args] = COMMANDS[runtime] ?? [];
    const script = [
      fileURLToPath(import.meta.url),
      "--here",
      runtime,
      "--calls",
      values.calls,
      "--turns",
      values.turns,
    ];
    spawnSync(command, [...args, ...script], { stdio: "inherit" });
  }
} else {
  console.log(`| ${[values.here, ...await figures()].join(" | ")} |`);
}

/** Median microseconds of each kind of call; of those that check something, what they take more than one that doesn't. */
async function figures(): Promise<string[]> {
  const pepper = "a pepper of some length";
  const now = Math.floor(Date.now() / 1000);
  const es256 = await signer("ES256");
  const records = new Map<string, KeyRecord>();
  const many = async (count: number) => {
    const secrets = Array.from({ length: count }, newSecret);
    for (const secret of secrets) {
      const hash = await hashOf(secret, pepper);
      const own = [{ hash, hint: "", createdAt: 0, expiresAt: undefined }];
      records.set(hash, {
        id: hash.slice(0, 8),
        tenant: "acme",
        roles: ["caller"],
        grants: {},
        expiresAt: undefined,
        createdAt: 0,
        createdBy: "x",
        secrets: own,
      });
    }
    return secrets;
  };
  const tokens = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, at) => mint(es256, claims({ iat: now - 5, exp: now + 3600, jti: String(at) }))),
    );
  const reader = jwt({
    jwks: { keys: [es256.jwk] },
    issuer: "https://idp.test",
    audience: "headgate",
    tenant: "claims.org",
    roles: "claims.roles",
  });
  const asks = gatewayOf(
    auth({
      required: true,
      holders: new Holders({
        keys: [{ id: "one", key: "a-config-key-of-some-length" }],
        keyring: { find: (hash) => Promise.resolve(records.get(hash)) },
        pepper,
        tokens: reader,
      }),
    }),
  );
  const open = gatewayOf(auth({ required: false }));
  const [secret = ""] = await many(1);
  const [token = ""] = await tokens(1);
  const samples: number[][] = Array.from({ length: 6 }, () => []);
  for (let turn = 0; turn <= turns; turn++) {
    const [coldKeys, coldTokens] = [await many(calls), await tokens(calls)];
    const kinds: (readonly [Gateway, (at: number) => string])[] = [
      [open, () => "a-config-key-of-some-length"],
      [asks, () => "a-config-key-of-some-length"],
      [asks, (at) => coldKeys![at]!],
      [asks, () => secret],
      [asks, (at) => coldTokens![turn === 0 ? 0 : at]!],
      [asks, () => token],
    ];
    for (const [place] of kinds.entries()) {
      // Whoever goes first pays for what was before.
      const kind = (place + turn) % kinds.length;
      const [gateway, credential] = kinds[kind]!;
      const took = await timed(gateway, credential);
      // The first turn warms up.
      if (turn > 0) samples[kind]!.push(took);
    }
  }
  const medians = samples.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!);
  return medians.map((us, kind) => kind === 0 ? us.toFixed(1) : (us - medians[0]!).toFixed(1));
}

function gatewayOf(room: ReturnType<typeof auth>): Gateway {
  return entry(compose(room).to(() => Promise.resolve(new Response("in"))));
}

/** Microseconds a call. */
async function timed({ fetch }: Gateway, credential: (at: number) => string): Promise<number> {
  const requests = Array.from(
    { length: calls },
    (_, at) =>
      new Request("http://gw.test/openai/v1/models", { headers: { authorization: `Bearer ${credential(at)}` } }),
  );
  const began = performance.now();
  for (const request of requests) {
    const answer = await fetch(request);
    if (answer.status !== 200) {
      console.error(await answer.text());
      process.exit(1);
    }
    await answer.body?.cancel();
  }
  return (performance.now() - began) * 1000 / calls;
}
