/**
 * Credentials: where a provider's key comes from, and what is signed or minted with it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import jwt from "jsonwebtoken";
import { CHAT, CHAT_ANSWER, json } from "../answers.ts";
import { GATEWAY_KEY } from "../config.ts";
import type { Exchange } from "../exchange.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import { run, step } from "../steps.ts";
import { ALIASES, AWS_ACCOUNT, GOOGLE_PUBLIC_KEY, GOOGLE_SECRET, ISSUERS } from "../stored.ts";

const G = "/v1/acc/gw";
const CEREBRAS = `${G}/cerebras/v1/chat/completions`;

/** Calls that don't know of each other. */
const AT_ONCE = 20;

/** The newest request that came with a stored key. */
function newest({ upstream }: Stage, key: string): Exchange {
  const seen = upstream.stored(key).calls.at(-1);
  assert.ok(seen, `nothing came with ${key}`);
  return seen;
}

/** The signature that AWS's own implementation gives to what came. */
async function signatureOf(seen: Exchange, names: readonly string[], service: string): Promise<string | undefined> {
  const url = new URL(seen.target, "http://provider");
  const date = seen.header("x-amz-date")?.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z") ?? "";
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  const headers = Object.fromEntries(
    names.filter((name) => name !== "x-amz-date").map((name) => [name, seen.header(name) ?? ""]),
  );
  const signer = new SignatureV4({ service, region: "eu-central-1", sha256: Sha256, credentials: AWS_ACCOUNT });
  const signed = await signer.sign({
    method: seen.method,
    protocol: "http:",
    hostname: seen.header("host") ?? "",
    path: url.pathname,
    query,
    headers,
    body: await seen.body,
  }, { signingDate: new Date(date), signableHeaders: new Set(names) });
  return /Signature=(\w+)/.exec(signed.headers["authorization"] ?? "")?.[1];
}

/** Credential behaviours. */
export const credentials: readonly Behaviour[] = area("credentials", [
  {
    name: "A gateway that asks for a key refuses without one in Cloudflare's envelope, and opens with it",
    check: 32,
    async run(stage) {
      const steps = [step(stage.upstream.ticket(), { provider: "cerebras", headers: {} })];
      const refused = await run(stage, steps, {}, "/v1/acc/sec");
      const { success, error, name } = refused.json();
      assert.deepEqual([refused.status, success, error[0].code, name], [401, false, 2009, "AiGatewayError"]);
      const headers = { "cf-aig-authorization": `Bearer ${GATEWAY_KEY}` };
      assert.equal((await run(stage, steps, headers, "/v1/acc/sec")).status, 200);
    },
  },
  {
    name: "The default gateway is always there, and another that isn't configured is 400 with code 2001",
    check: 36,
    async run({ gateway }) {
      const headers = { "cf-aig-authorization": `Bearer ${GATEWAY_KEY}` };
      const path = "cerebras/v1/chat/completions";
      assert.equal((await gateway.post(`/v1/acc/default/${path}`, CHAT, headers)).status, 200);
      const refused = await gateway.post(`/v1/acc/nowhere/${path}`, CHAT, headers);
      assert.deepEqual([refused.status, refused.json().internalCode], [400, 2001]);
    },
  },
  {
    name: "A stored key is shown where the client brings none, and the client's own wins",
    check: 33,
    async run(stage) {
      const own = stage.upstream.ticket(json(CHAT_ANSWER));
      assert.equal((await stage.gateway.post(CEREBRAS, CHAT)).status, 200);
      assert.equal(newest(stage, ALIASES.default).header("authorization"), `Bearer ${ALIASES.default}`);
      assert.equal((await stage.gateway.post(CEREBRAS, CHAT, { authorization: own.bearer })).status, 200);
      assert.equal(own.calls.length, 1);
    },
  },
  {
    name: "cf-aig-byok-alias chooses among stored keys, a step's before the request's",
    async run(stage) {
      const headers = { "cf-aig-byok-alias": "eu" };
      const calls = () => [ALIASES.default, ALIASES.eu].map((key) => stage.upstream.stored(key).calls.length);
      const [, before = 0] = calls();
      assert.equal((await stage.gateway.post(CEREBRAS, CHAT, headers)).status, 200);
      assert.equal(calls()[1], before + 1);
      const steps = [step(stage.upstream.ticket(), { provider: "cerebras", headers })];
      assert.equal((await run(stage, steps, { "cf-aig-byok-alias": "nope" })).status, 200);
      assert.equal(calls()[1], before + 2);
    },
  },
  {
    name: "An alias that isn't stored is refused by Cloudflare's number, with those that are",
    check: 34,
    async run({ gateway }) {
      const answered = await gateway.post(CEREBRAS, CHAT, { "cf-aig-byok-alias": "nope" });
      const { internalCode, error } = answered.json();
      assert.deepEqual([answered.status, internalCode], [400, 2040]);
      assert.match(error.message, /default, eu, pool/);
    },
  },
  {
    name: "A call that may only go with a key of its own or a stored one is refused where there is none",
    check: 35,
    async run({ gateway, upstream }) {
      const path = `${G}/openai/chat/completions`;
      assert.equal((await gateway.post(path, CHAT, { "cf-aig-no-wholesale": "true" })).status, 400);
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const headers = { "cf-aig-no-wholesale": "true", "authorization": ticket.bearer };
      assert.equal((await gateway.post(path, CHAT, headers)).status, 200);
    },
  },
  {
    name: "An SDK's key may be the gateway's: a stored one takes its place, in the same form",
    check: 31,
    async run(stage) {
      const { gateway, upstream } = stage;
      const body = '{"model":"cerebras/m","messages":[]}';
      const answered = await gateway.post("/v1/acc/sec/compat/chat/completions", body, {
        authorization: `Bearer ${GATEWAY_KEY}`,
      });
      assert.equal(answered.status, 200);
      const fields = JSON.stringify(newest(stage, ALIASES.default).fields);
      assert.ok(!fields.includes(GATEWAY_KEY));
      assert.equal(upstream.canaryHits.length, 0);
    },
  },
  {
    name: "A dead key and a throttled one hand over to the next within the call, and are left alone",
    isAlone: true,
    async run({ gateway, upstream }) {
      const headers = { "cf-aig-byok-alias": "pool" };
      const calls = () => ALIASES.pool.map((key) => upstream.stored(key).calls.length);
      const answered = await gateway.post(CEREBRAS, CHAT, headers);
      assert.equal(answered.status, 200);
      assert.deepEqual(calls(), [1, 1, 1]);
      assert.match(
        answered.headers.get("cf-aig-attempts") ?? "",
        /401 \d+ms unauthorized key; .* 429 \d+ms throttled key; .* 200/,
      );
      assert.deepEqual((await gateway.log(answered)).attempts.map(({ number }) => number), [1, 2, 3]);
      assert.equal((await gateway.post(CEREBRAS, CHAT, headers)).status, 200);
      assert.deepEqual(calls(), [1, 1, 2]);
    },
  },
  {
    name: "A call for Bedrock is signed as AWS's own implementation signs exactly what came, ARNs included",
    isAlone: true,
    async run(stage) {
      const arn = encodeURIComponent("arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.m-v1:0");
      const cases: readonly (readonly [path: string, service: string, method?: string])[] = [
        ["bedrock-runtime/eu-central-1/model/m/converse", "bedrock"],
        ["bedrock-runtime/eu-central-1/model/anthropic.claude-v1:0/converse-stream", "bedrock"],
        [`bedrock-runtime/eu-central-1/model/${arn}/converse`, "bedrock"],
        ["bedrock-runtime/eu-central-1/async-invoke?maxResults=5&nextToken=a%2Fb%3D", "bedrock", "GET"],
        ["bedrock-mantle/eu-central-1/anthropic/v1/messages", "bedrock-mantle"],
      ];
      for (const [path, service, method = "POST"] of cases) {
        const url = `${G}/aws-bedrock/${path}`;
        const body = '{"messages":[{"text":"h\u00e9 \ud83d\ude00"}]}';
        const answered = method === "GET"
          ? await stage.gateway.call({ path: url })
          : await stage.gateway.post(url, body);
        assert.equal(answered.status, 200, answered.text);
        const seen = newest(stage, AWS_ACCOUNT.accessKeyId);
        const [, names = "", signature] =
          /SignedHeaders=(\S+), Signature=(\w+)$/.exec(seen.header("authorization") ?? "") ?? [];
        assert.equal(signature, await signatureOf(seen, names.split(";"), service), path);
        assert.equal(seen.header("x-amz-security-token"), AWS_ACCOUNT.sessionToken);
        assert.equal(seen.header("x-amz-content-sha256"), createHash("sha256").update(await seen.body).digest("hex"));
        assert.equal((await seen.body).toString(), method === "GET" ? "" : body);
      }
    },
  },
  {
    name: "A Google service account is exchanged for a token that calls at the same time share",
    isAlone: true,
    async run(stage) {
      const path =
        `${G}/google-vertex-ai/v1/projects/p/locations/europe-west4/publishers/google/models/m:generateContent`;
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => stage.gateway.post(path, "{}")));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      const [asked, ...more] = stage.upstream.stored(ISSUERS.google).calls;
      assert.equal(more.length, 0, "more than one token was minted");
      const form = new URLSearchParams((await asked!.body).toString());
      const told = jwt.verify(form.get("assertion") ?? "", GOOGLE_PUBLIC_KEY, {
        algorithms: ["RS256"],
        issuer: "suite@suite.iam.gserviceaccount.com",
        audience: `http://127.0.0.1:${stage.upstream.ports.gamma}/${ISSUERS.google}/token`,
      }) as jwt.JwtPayload;
      assert.equal(told["scope"], "https://www.googleapis.com/auth/cloud-platform");
      const calls = stage.upstream.stored(ISSUERS.googleToken).calls;
      assert.equal(calls.length, AT_ONCE);
      for (const seen of calls) assert.equal(seen.header("authorization"), `Bearer ${ISSUERS.googleToken}`);
    },
  },
  {
    name: "An application of Entra is exchanged for a token that calls at the same time share",
    isAlone: true,
    async run(stage) {
      const path = `${G}/azure-openai/res/dep/chat/completions?api-version=v`;
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => stage.gateway.post(path, CHAT)));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      const [asked, ...more] = stage.upstream.stored(ISSUERS.entra).calls;
      assert.equal(more.length, 0, "more than one token was minted");
      const form = new URLSearchParams((await asked!.body).toString());
      assert.deepEqual([form.get("grant_type"), form.get("client_secret"), form.get("scope")], [
        "client_credentials",
        "hush0entra0secret&=+",
        "https://cognitiveservices.azure.com/.default",
      ]);
      const seen = newest(stage, ISSUERS.entraToken);
      assert.deepEqual([seen.header("authorization"), seen.header("api-key")], [
        `Bearer ${ISSUERS.entraToken}`,
        undefined,
      ]);
    },
  },
  {
    name: "A client's own service account chooses no issuer, and is passed on to nobody",
    async run({ gateway, upstream }) {
      const token_uri = `http://127.0.0.1:${upstream.canaryPort}/token`;
      const account = { client_email: "a@b.iam", private_key: "-----BEGIN PRIVATE KEY-----\nx", token_uri };
      const bearer = `Bearer ${Buffer.from(JSON.stringify(account)).toString("base64")}`;
      const answered = await gateway.post(`${G}/google-vertex-ai/v1/publishers/google/models/m:generateContent`, "{}", {
        authorization: bearer,
      });
      assert.equal(answered.status, 400, answered.text);
      assert.match(answered.text, /token_uri/);
      assert.deepEqual(upstream.canaryHits, []);
    },
  },
  {
    name: "Nothing that is signed or minted with is printed, and neither is what was minted",
    isAlone: true,
    async run({ gateway }) {
      await gateway.call({ path: "/healthz" });
      const secrets = [
        AWS_ACCOUNT.secretAccessKey,
        AWS_ACCOUNT.sessionToken,
        GOOGLE_SECRET,
        "hush0entra0secret",
        ISSUERS.googleToken,
      ];
      assert.deepEqual(secrets.filter((secret) => gateway.output.includes(secret)), []);
    },
  },
]);
