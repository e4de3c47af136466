/**
 * Identity: who is calling, for whom, and what they may reach.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHAT, CHAT_ANSWER, json, MESSAGE_ANSWER } from "../answers.ts";
import type { Answered } from "../client.ts";
import { GATEWAY_KEY, KEYS } from "../config.ts";
import { idp, keySetRequests, LESSER_KEYS, token } from "../identity.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import { base64url, hmac, mint, signer, unsigned } from "../../keys/mint.ts";
import { newSecret } from "../../../src/keys/secret.ts";

const SEC = "/v1/acc/sec/openai/chat/completions";
const GUARDED = "/v1/acc/guarded/openai/chat/completions";

const control = (credential: string) => ({ "cf-aig-authorization": `Bearer ${credential}` });

/** Nothing that anybody was shown or that was printed holds a credential. */
function assertUnseen({ gateway }: Stage, credential: string, ...answers: Answered[]): void {
  for (const { text, headers } of answers) {
    assert.ok(!text.includes(credential) && !JSON.stringify([...headers]).includes(credential), "in an answer");
  }
  assert.ok(!gateway.output.includes(credential), "in what was printed");
}

const chat = (model: string) => `{"model":"${model}","messages":[]}`;

/** Behaviours of identity. */
export const identity: readonly Behaviour[] = area("identity", [
  {
    name: "A gateway key is taken wherever a client can put it, and goes to no provider from there",
    async run(stage) {
      const { gateway, upstream } = stage;
      const slots: [Record<string, string>, string][] = [
        [control(GATEWAY_KEY), SEC],
        [{ "cf-aig-authorization": GATEWAY_KEY }, SEC],
        [{ "x-api-key": GATEWAY_KEY }, SEC],
        [{ "api-key": GATEWAY_KEY }, SEC],
        [{ "x-goog-api-key": GATEWAY_KEY }, SEC],
        [{ "sec-websocket-protocol": `realtime, openai-insecure-api-key.${GATEWAY_KEY}` }, SEC],
        [{ "sec-websocket-protocol": `realtime, cf-aig-authorization.${GATEWAY_KEY}` }, SEC],
        [{}, `${SEC}?key=${GATEWAY_KEY}&x=1`],
        [{}, `/k/${GATEWAY_KEY}${SEC}`],
      ];
      for (const [headers, path] of slots) {
        const ticket = upstream.ticket(json(CHAT_ANSWER));
        const answered = await gateway.post(path, CHAT, { authorization: ticket.bearer, ...headers });
        assert.equal(answered.status, 200, `${Object.keys(headers)} ${path.slice(0, 3)}`);
        const seen = await ticket.next();
        assert.ok(!`${seen.target}${JSON.stringify(seen.fields)}`.includes(GATEWAY_KEY));
        const record = await gateway.log(answered);
        assert.deepEqual([record.key, record.tenant, record.path], ["suite", "acme", SEC]);
        assertUnseen(stage, GATEWAY_KEY, answered);
      }
    },
  },
  {
    name: "What is wrong with a credential is told apart: where it stands and what to do, not what it is",
    async run(stage) {
      const { gateway } = stage;
      const unknown = newSecret();
      const cases: [Record<string, string>, number, RegExp][] = [
        [{}, 401, /Send a gateway key in cf-aig-authorization/],
        [{ authorization: "Bearer undefined" }, 401, /Authorization holds an empty one/],
        [{ "x-api-key": "sk-hush-a-providers" }, 401, /x-api-key holds is none, and may be a provider's/],
        [control(unknown), 401, /in cf-aig-authorization isn't known/],
        [control(`${unknown.slice(0, -2)}zz`), 401, /has a character wrong/],
        [control(LESSER_KEYS.expired), 401, /has expired/],
        [control(LESSER_KEYS.viewer), 403, /role caller/],
        [{ "api-key": LESSER_KEYS.guarded }, 403, /in api-key is for others/],
      ];
      for (const [headers, status, message] of cases) {
        const answered = await gateway.post(SEC, CHAT, headers);
        assert.equal(answered.status, status, String(message));
        assert.match(answered.json().error.message, message);
        for (const value of Object.values(headers)) {
          if (value.length > 20) assertUnseen(stage, value.replace("Bearer ", ""), answered);
        }
      }
      const inPath = await gateway.post(`/k/${unknown}${SEC}`, CHAT);
      assert.equal(inPath.status, 401);
      assertUnseen(stage, unknown, inPath);
    },
  },
  {
    name: "A token opens the gateway for the tenant that it names, from any slot, and no provider sees it",
    async run(stage) {
      const { gateway, upstream } = stage;
      const good = await token({ org: "token-co", sub: "alice" });
      const crowd = await Promise.all(Array.from({ length: 8 }, (_, at) => token({ jti: `crowd-${at}` })));
      const crowded = upstream.ticket(json(CHAT_ANSWER));
      const answers = await Promise.all(
        crowd.map((made) => stage.peer.post(SEC, CHAT, { authorization: crowded.bearer, ...control(made) })),
      );
      assert.deepEqual(answers.map(({ status }) => status), crowd.map(() => 200), "all of them wait for one key set");
      for (const headers of [control(good), { "x-api-key": good }, { "api-key": good }]) {
        const ticket = upstream.ticket(json(CHAT_ANSWER));
        const answered = await gateway.post(SEC, CHAT, { authorization: ticket.bearer, ...headers });
        assert.equal(answered.status, 200);
        const seen = await ticket.next();
        assert.ok(!JSON.stringify(seen.fields).includes(good));
        const record = await gateway.log(answered);
        assert.deepEqual([record.key, record.tenant], ["jwt:alice", "token-co"]);
        assertUnseen(stage, good, answered);
      }
    },
  },
  {
    name: "Forged tokens are refused, fetch nothing of their own, and make the provider's keys be asked for once",
    async run(stage) {
      const { gateway, upstream } = stage;
      const now = Math.floor(Date.now() / 1000);
      const stranger = await signer("ES256", "suite");
      const canary = `http://127.0.0.1:${upstream.canaryPort}/jwks.json`;
      const es256 = { alg: "ES256", kid: "suite" };
      const payload = (await token()).split(".")[1]!;
      const body: unknown = JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/")));
      const forged = [
        await mint(unsigned, body, { alg: "none" }),
        await mint(hmac(new TextEncoder().encode(JSON.stringify(idp.jwk))), body, { alg: "HS256", kid: "suite" }),
        await token({}, stranger),
        await token({}, stranger, { ...es256, jku: canary }),
        await token({}, stranger, { ...es256, x5u: canary }),
        await token({}, stranger, { ...es256, jwk: stranger.jwk }),
        await token({}, stranger, { ...es256, kid: canary }),
        await token({ iss: "https://other.test" }),
        await token({ aud: "other" }),
        await token({ exp: now - 60 }),
        await token({ exp: undefined }),
        await token({ nbf: now + 60 }),
        await token({ jti: "revoked" }),
        await token({ org: undefined }),
        await token({}, idp, { ...es256, crit: ["b64"], b64: false }),
        `${(await token()).split(".").slice(0, 2).join(".")}.${base64url(new Uint8Array(64))}`,
        `${await token()}=`,
        ...await Promise.all(Array.from({ length: 40 }, (_, at) => token({}, stranger, { ...es256, kid: `k${at}` }))),
      ];
      const before = keySetRequests(upstream);
      for (const made of forged) {
        const answered = await gateway.post(SEC, CHAT, control(made));
        assert.equal(answered.status, 401);
        assertUnseen(stage, made, answered);
      }
      assert.ok(
        keySetRequests(upstream) - before <= 3,
        "one for the start, one for strange ids, one of the other gateway",
      );
      assert.deepEqual(upstream.canaryHits, []);
    },
  },
  {
    name: "A key that is bound to a tenant can't speak for another",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const headers = (metadata: string) => ({
        authorization: ticket.bearer,
        ...control(KEYS.zeta),
        "cf-aig-metadata": metadata,
      });
      const other = await gateway.post(SEC, CHAT, headers('{"tenant":"acme-co"}'));
      assert.deepEqual([other.status, ticket.calls.length], [403, 0]);
      assert.match(other.json().error.message, /bound to one tenant/);
      const own = await gateway.post(SEC, CHAT, headers('{"tenant":"zeta-co"}'));
      assert.equal(own.status, 200);
      assert.equal((await gateway.log(own)).tenant, "zeta-co");
    },
  },
  {
    name: "A policy keeps a call from providers and models, however they are spelled; nothing leaves the house",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const ask = (model: string, headers: Record<string, string> = {}) =>
        gateway.post(GUARDED, chat(model), { authorization: ticket.bearer, ...control(KEYS.acme), ...headers });
      for (
        const model of ["gpt-4o", "GPT-4o", "models/gpt-4o", "openai/gpt-4o", "gpt%2D4o", "gpt\\u002d4o", " gpt-4o"]
      ) {
        assert.equal((await ask(model)).status, 403, model);
      }
      assert.equal((await ask("gpt-5", { "cf-aig-metadata": '{"phi":true}' })).status, 403);
      assert.equal(ticket.calls.length, 0);
      assert.equal((await ask("gpt-5")).status, 200);
    },
  },
  {
    name: "Forbidden steps are left out of a universal call, and the rest is tried",
    async run({ gateway, upstream }) {
      const [openai, anthropic] = [upstream.ticket(json(CHAT_ANSWER)), upstream.ticket(json(MESSAGE_ANSWER))];
      const steps = [
        {
          provider: "openai",
          endpoint: "chat/completions",
          headers: { authorization: openai.bearer },
          query: { model: "gpt-5", messages: [] },
        },
        {
          provider: "anthropic",
          endpoint: "v1/messages",
          headers: { "x-api-key": anthropic.key },
          query: { model: "claude", max_tokens: 1, messages: [] },
        },
      ];
      const answered = await gateway.post("/v1/acc/guarded", JSON.stringify(steps), {
        ...control(KEYS.acme),
        "cf-aig-metadata": '{"phi":true}',
      });
      assert.deepEqual([answered.status, answered.headers.get("cf-aig-step")], [200, "1"]);
      assert.deepEqual([openai.calls.length, anthropic.calls.length], [0, 1]);
    },
  },
  {
    name: "A key opens what it is granted: its gateways, and there its models",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(json(CHAT_ANSWER));
      const ask = (path: string, model: string) =>
        gateway.post(path, chat(model), { authorization: ticket.bearer, ...control(LESSER_KEYS.guarded) });
      assert.equal((await ask(GUARDED, "gpt-5")).status, 200);
      assert.equal((await ask(GUARDED, "o3")).status, 403);
      assert.equal((await ask(SEC, "gpt-5")).status, 403);
      assert.equal(ticket.calls.length, 1);
    },
  },
]);
