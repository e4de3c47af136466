import assert from "node:assert/strict";
import { test } from "node:test";
import type { CredentialSource, Options } from "../../mod.ts";
import { ROWS } from "../../src/providers/table.ts";
import { completion, house } from "../core/house.ts";
import { headerOf, keyed, shownKeys } from "./upstream.ts";

const POST = { method: "POST", body: '{"model":"m","messages":[]}' };
const json = { "content-type": "application/json" };
const path = "/openai/chat/completions";

test("the client's own key wins over a stored one, and that over what the function gives", async () => {
  const given: CredentialSource = () => "sk-given";
  const both: Options = { providers: { openai: { key: "sk-stored" } }, credentials: given };
  const none = {};
  const own = { authorization: "Bearer sk-own" };
  const cases: [Options, Record<string, string>, string][] = [
    [both, own, "sk-own"],
    [{ credentials: given }, own, "sk-own"],
    [both, none, "sk-stored"],
    [both, { authorization: "Bearer unused" }, "sk-stored"],
    [{ credentials: given }, none, "sk-given"],
    [{ credentials: given }, { authorization: "Bearer undefined" }, "sk-given"],
    [{ credentials: async () => await Promise.resolve("sk-late") }, none, "sk-late"],
    [{ credentials: () => undefined }, none, ""],
    [none, none, ""],
    // Whoever names a key that is there is given that; the function isn't asked.
    [{ ...both, providers: { openai: { keys: { eu: "sk-eu" } } } }, { "cf-aig-byok-alias": "eu" }, "sk-eu"],
    [{ ...both, providers: { openai: { keys: { eu: "sk-eu" } } } }, none, "sk-given"],
    // An alias is for stored keys: the client's own is its own.
    [both, { ...own, "cf-aig-byok-alias": "nope" }, "sk-own"],
    [{ credentials: given }, { "cf-aig-byok-alias": "eu" }, "sk-given"],
  ];
  for (const [options, headers, key] of cases) {
    const home = keyed(() => completion(), options);
    const answer = await home.ask(path, { ...POST, headers: { ...json, ...headers } });
    assert.equal(answer.status, 200, await answer.text());
    assert.deepEqual(shownKeys(home), [key], JSON.stringify(headers));
  }
});

test("an alias that isn't stored is 400 with code 2040 and names those that are; nothing is sent", async () => {
  const cases: [Options, RegExp][] = [
    [{ providers: { openai: { keys: { default: "a", eu: "b" } } } }, /there is default, eu\./],
    [{ providers: { openai: { keys: { eu: "b" } } }, credentials: () => "sk-given" }, /there is eu\./],
    [{}, /there is none/],
  ];
  for (const [options, message] of cases) {
    const { ask, sent } = house(() => completion(), options);
    const answer = await ask(path, { ...POST, headers: { ...json, "cf-aig-byok-alias": "nope" } });
    const told = await answer.json();
    assert.deepEqual([answer.status, told.internalCode, told.error.code], [400, 2040, "unknown_alias"]);
    assert.match(told.error.message, message);
    assert.equal(sent.length, 0);
  }
});

test("a step's alias wins over the request's", async () => {
  const home = keyed((key) => key === "sk-eu" ? completion() : new Response("{}", { status: 500 }), {
    providers: { openai: { keys: { default: "sk-default", eu: "sk-eu", us: "sk-us" } } },
  });
  const step = (headers: Record<string, string>) => ({
    provider: "openai",
    endpoint: "chat/completions",
    headers,
    query: { model: "m" },
  });
  const body = JSON.stringify([step({}), step({ "cf-aig-byok-alias": "eu" })]);
  const answer = await home.ask("/", { method: "POST", headers: { ...json, "cf-aig-byok-alias": "us" }, body });
  assert.equal(answer.headers.get("cf-aig-step"), "1");
  assert.deepEqual(shownKeys(home), ["sk-us", "sk-eu"]);
  const wrong = await home.ask("/", {
    method: "POST",
    headers: json,
    body: JSON.stringify([step({}), step({ "cf-aig-byok-alias": "nope" })]),
  });
  assert.equal((await wrong.json()).error[0].code, 2040);
});

test("a call that may not go without a key doesn't", async () => {
  const { ask, sent } = house(() => completion());
  const headers = { ...json, "cf-aig-no-wholesale": "true" };
  const answer = await ask(path, { ...POST, headers });
  const told = await answer.json();
  assert.deepEqual([answer.status, told.error.code], [400, "missing_credential"]);
  assert.equal(sent.length, 0);
  assert.equal((await ask(path, { ...POST, headers: { ...headers, authorization: "Bearer k" } })).status, 200);
});

test("the function knows who calls and what is asked for, and what it throws is told to nobody", async () => {
  const seen: unknown[] = [];
  const auth = { keys: [{ id: "k1", key: "hg-1", tenant: "acme" }, { id: "k2", key: "hg-2", tenant: "zeta" }] };
  const home = keyed(() => completion(), {
    auth,
    credentials: (call, target) => {
      seen.push([call.identity?.tenant, call.tags?.get("team"), target.provider.id, target.model]);
      if (call.identity?.tenant === "zeta") throw new Error("hush-secret of the vault");
      return `sk-${call.identity?.tenant}`;
    },
  });
  const call = (key: string) =>
    home.ask(path, {
      ...POST,
      headers: { ...json, authorization: `Bearer ${key}`, "cf-aig-metadata": '{"team":"a"}' },
    });
  assert.equal((await call("hg-1")).status, 200);
  const failed = await call("hg-2");
  const text = await failed.text();
  assert.deepEqual([failed.status, text.includes("hush")], [502, false]);
  assert.match(text, /no credential for provider \\"openai\\" could be had/);
  assert.deepEqual(seen, [["acme", "a", "openai", "m"], ["zeta", "a", "openai", "m"]]);
  assert.deepEqual(shownKeys(home), ["sk-acme"]);
  assert.equal(JSON.stringify(await home.records()).includes("hush"), false);
});

test("a function that says nothing keeps no call beyond its time, nor one whose client has left", async () => {
  const { ask, sent, records } = house(() => completion(), {
    credentials: () => new Promise(() => {}),
    gateways: { default: { timeouts: { total: 100 } }, patient: {} },
  });
  const init = { ...POST, headers: json };
  const answer = await ask("/openai/v1/chat/completions", init);
  assert.deepEqual([answer.status, sent.length], [502, 0]);
  const leaving = new AbortController();
  const gone = ask("/v1/acc/patient/openai/v1/chat/completions", { ...init, signal: leaving.signal });
  leaving.abort();
  await gone;
  assert.equal((await records()).at(-1)?.error?.code, "client_gone");
});

test("a key that can't stand in a header is refused before anything is sent", async () => {
  const home = keyed(() => completion(), { credentials: () => "sk\nhush" });
  const answer = await home.ask(path, { ...POST, headers: json });
  assert.deepEqual([answer.status, (await answer.text()).includes("hush"), home.sent.length], [502, false, 0]);
});

/** Where each provider takes a key, as `header: value` or `?name=value`. */
const TAKES: Record<string, readonly string[]> = {
  "anthropic": ["x-api-key: KEY", "authorization: Bearer KEY"],
  "google-ai-studio": ["x-goog-api-key: KEY", "?key=KEY"],
  "cartesia": ["x-api-key: KEY", "authorization: Bearer KEY"],
  "aws-bedrock": ["authorization: Bearer KEY", "x-api-key: KEY"],
  "parallel": ["x-api-key: KEY"],
  "azure-openai": ["api-key: KEY"],
  "azure-voice-live": ["api-key: KEY"],
  "elevenlabs": ["xi-api-key: KEY"],
  "ideogram": ["api-key: KEY"],
  "deepgram": ["authorization: Token KEY"],
  "fal": ["authorization: Key KEY"],
};

/** A path that fits the first rule of a provider. */
const PATHS: Record<string, string> = {
  "azure-openai": "res/dep/chat/completions",
  "azure-voice-live": "res/voice-live/x",
  "google-vertex-ai": "v1/projects/p/locations/us-central1/publishers/google/models/m:generateContent",
  "aws-bedrock": "bedrock-mantle/us-east-1/anthropic/v1/messages",
};

test("every provider is shown a stored key in the form that its client uses, where the vendor takes that, else in its own", async () => {
  const keys = { keys: [{ id: "k", key: "hg-secret" }] };
  const own = { ollama: { origin: "https://ollama.example" }, vllm: { origin: "https://vllm.example" } };
  for (const { id, auth } of ROWS) {
    const takes = TAKES[id] ?? ["authorization: Bearer KEY"];
    const home = house(() => completion(), {
      auth: keys,
      providers: { [id]: { ...own[id as "vllm"], key: "sk-stored" } },
    });
    const forms: (readonly [slot: string, headers: Record<string, string>, query: string])[] = [
      ["", { "cf-aig-authorization": "hg-secret" }, ""],
      ["authorization", { authorization: "Bearer hg-secret" }, ""],
      ["authorization", { "cf-aig-authorization": "hg-secret", authorization: "Bearer unused" }, ""],
      ["x-api-key", { "x-api-key": "hg-secret" }, ""],
      ["x-goog-api-key", { "x-goog-api-key": "hg-secret" }, ""],
      ["api-key", { "api-key": "hg-secret" }, ""],
      ["?key", { "cf-aig-authorization": "hg-secret" }, "?key=unused"],
      // The gateway's own key is taken out of the query, and the provider's goes where fewer see it.
      ["", {}, "?key=hg-secret"],
    ];
    for (const [slot, headers, query] of forms) {
      if (query !== "" && id !== "google-ai-studio") continue;
      home.sent.length = 0;
      const answer = await home.ask(`/v1/acc/default/${id}/${PATHS[id] ?? "v1/x"}${query}`, {
        ...POST,
        headers: { ...json, ...headers },
      });
      assert.equal(answer.status, 200, `${id}: ${await answer.text()}`);
      const [sent] = home.sent;
      assert.ok(sent);
      const shown = [
        ...[...new Set([auth.header, ...auth.also ?? [], "x-api-key", "api-key", "x-goog-api-key"])]
          .flatMap((name) => {
            const value = name === undefined ? undefined : headerOf(sent, name);
            return value === undefined ? [] : [`${name}: ${value}`];
          }),
        ...sent.url.search === "" ? [] : [sent.url.search],
      ];
      const form = takes.find((one) => one.startsWith(`${slot}:`) || one.startsWith(`${slot}=`)) ?? takes[0]!;
      assert.deepEqual(shown, [form.replace("KEY", "sk-stored")], `${id} with ${JSON.stringify(headers)}${query}`);
    }
  }
});

test("a step is shown a stored key in its provider's own form, however the call was let in", async () => {
  const auth = { keys: [{ id: "k", key: "hg-secret" }] };
  const home = house(() => completion(), { auth, providers: { anthropic: { key: "sk-stored" } } });
  const steps = [{ provider: "anthropic", endpoint: "v1/messages", query: { model: "m" } }];
  const headers = { ...json, authorization: "Bearer hg-secret" };
  assert.equal((await home.ask("/", { method: "POST", headers, body: JSON.stringify(steps) })).status, 200);
  assert.equal(headerOf(home.sent[0]!, "x-api-key"), "sk-stored");
  assert.equal(headerOf(home.sent[0]!, "authorization"), undefined);
});
