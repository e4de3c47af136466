import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProviderConfig } from "../../mod.ts";
import type { Outbound } from "../../src/call.ts";
import { aws, entra, google } from "../../src/signing.ts";
import { completion, house, type Script } from "../core/house.ts";
import { keyPair } from "./upstream.ts";

const { pem } = await keyPair();

/** A piece of each secret that is long enough to be nothing else. */
const SECRETS = [
  "hush-stored-key-1",
  "hush-stored-key-2",
  "hush-aws-secret",
  "hush-session-token",
  pem.split("\n")[3]!,
  "hush-client-secret",
  "hush-minted-token",
  "hush-given-key",
  "hush-own-key",
  "hush-issuer-words",
  "hush-vault-words",
];

const PROVIDERS: Record<string, ProviderConfig> = {
  "openai": { keys: { default: ["hush-stored-key-1", "hush-stored-key-2"] } },
  "aws-bedrock": {
    key: { accessKeyId: "AKIA", secretAccessKey: "hush-aws-secret", sessionToken: "hush-session-token" },
  },
  "google-vertex-ai": { key: { client_email: "a@b.iam", private_key: pem } },
  "azure-openai": { key: { tenantId: "t", clientId: "c", clientSecret: "hush-client-secret" } },
};

const PATHS = [
  "openai/v1/chat/completions",
  "aws-bedrock/bedrock-runtime/us-east-1/model/m/converse",
  "google-vertex-ai/v1/projects/p/locations/global/publishers/google/models/m:generateContent",
  "google-vertex-ai/v1/publishers/google/models/m:generateContent?key=unused",
  "azure-openai/res/dep/chat/completions",
  "groq/v1/chat/completions",
  "google-ai-studio/v1beta/models/m:generateContent?key=hush-own-key",
];

const isToken = ({ url }: Outbound) => /token$/.test(url.pathname);
const minted = () => Response.json({ access_token: "hush-minted-token" });

/** What may go wrong at an issuer and at a provider. A thrown error holds all that was sent, as some clients' do. */
const faulty = (fault: (outbound: Outbound) => Response | Promise<Response>): Script[] => [
  (outbound) => isToken(outbound) ? minted() : fault(outbound),
  (outbound) => isToken(outbound) ? fault(outbound) : completion(),
];

const spilling: Script = (outbound) => {
  throw new Error(
    `${outbound.url.href} ${JSON.stringify(outbound.headers)} ${new TextDecoder().decode(outbound.body as Uint8Array)}`,
  );
};

const FAULTS: readonly Script[] = [
  ...[400, 401, 402, 403, 404, 408, 429, 500, 503, 302, 200].flatMap((status) =>
    faulty(() =>
      new Response(status === 200 ? "<html>" : '{"error":"x"}', {
        status,
        headers: { location: "https://evil.example" },
      })
    )
  ),
  ...faulty(() => Response.json({ error: "invalid_grant", error_description: "hush-issuer-words" }, { status: 400 }))
    .slice(1),
  ...faulty(() => Response.json({ access_token: "hush-minted-token\n" })).slice(1),
  ...faulty(() => Promise.reject(new TypeError("fetch failed"))),
  ...faulty(({ signal }) =>
    new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
  ),
  spilling,
  (outbound) => isToken(outbound) ? minted() : spilling(outbound, 0),
];

const CALLS: readonly Record<string, string>[] = [
  {},
  { "cf-aig-byok-alias": "nope" },
  { "cf-aig-no-wholesale": "true" },
  {
    authorization: `Bearer ${
      btoa(JSON.stringify({ client_email: "a@b.iam", private_key: pem, token_uri: "http://10.0.0.1/" }))
    }`,
  },
  { authorization: `Bearer ${btoa(JSON.stringify({ client_email: "a@b.iam", private_key: pem }))}` },
  { "content-type": "application/octet-stream" },
];

test("no secret is told on any way that minting, signing or a key can fail", async () => {
  const printed: unknown[] = [];
  const { log, error, warn } = console;
  Object.assign(console, {
    log: (...words: unknown[]) => printed.push(words),
    error: (...words: unknown[]) => printed.push(words),
    warn: (...words: unknown[]) => printed.push(words),
  });
  try {
    for (const [index, fault] of FAULTS.entries()) {
      const { ask, records } = house(fault, {
        providers: PROVIDERS,
        signers: [aws(), google({ timeoutMs: 200 }), entra({ timeoutMs: 200 })],
        log: "json",
        gateways: { default: { retry: { attempts: 2, delay: 0 }, timeouts: { total: 100 } } },
        credentials: () => {
          if (index % 2 === 0) throw new Error("hush-vault-words");
          return "hush-given-key";
        },
      });
      const told = await Promise.all(PATHS.flatMap((path) =>
        CALLS.map(async (headers) => {
          const answer = await ask(`/v1/acc/default/${path}`, {
            method: "POST",
            headers: { "content-type": "application/json", "cf-aig-debug": "true", ...headers },
            body: '{"model":"m"}',
          });
          return [answer.status, [...answer.headers], await answer.text().catch(String)];
        })
      ));
      const all = JSON.stringify([told, await records(), printed]);
      printed.length = 0;
      for (const secret of SECRETS) assert.equal(all.includes(secret), false, `${secret} after fault ${index}`);
    }
  } finally {
    Object.assign(console, { log, error, warn });
  }
});
