import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, completion, house } from "../core/house.ts";
import { credentialOf, slotsOf, takeKey, without } from "../../src/keys/slots.ts";
import { hashOf, newSecret } from "../../src/keys/secret.ts";
import { readHeaders } from "../../src/headers.ts";
import { idp, mint, signer } from "./mint.ts";

const KEY = "gw-canary0key0of0the0config";
const AUTH = { keys: [{ id: "acme", key: KEY, tenant: "acme" }] };

/** Client, headers, path, and whether the provider still gets its own credential. */
const SLOTS: readonly (readonly [name: string, headers: Record<string, string>, path: string])[] = [
  ["cf-aig-authorization with Bearer", { "cf-aig-authorization": `Bearer ${KEY}` }, ""],
  ["cf-aig-authorization without", { "cf-aig-authorization": KEY }, ""],
  ["cf-aig-authorization in small letters", { "cf-aig-authorization": `bearer  ${KEY} ` }, ""],
  ["Authorization with Bearer", { authorization: `Bearer ${KEY}` }, ""],
  ["Authorization without", { authorization: KEY }, ""],
  ["Authorization with Token", { authorization: `Token ${KEY}` }, ""],
  ["Authorization with Key", { authorization: `Key ${KEY}` }, ""],
  ["Authorization with Bearer twice", { authorization: `Bearer Bearer ${KEY}` }, ""],
  ["x-api-key", { "x-api-key": KEY }, ""],
  ["api-key", { "api-key": KEY }, ""],
  ["x-goog-api-key", { "x-goog-api-key": KEY }, ""],
  ["xi-api-key", { "xi-api-key": KEY }, ""],
  ["ocp-apim-subscription-key", { "ocp-apim-subscription-key": KEY }, ""],
  ["a subprotocol of OpenAI's", { "sec-websocket-protocol": `realtime, openai-insecure-api-key.${KEY}` }, ""],
  ["a subprotocol of ours", { "sec-websocket-protocol": `realtime, cf-aig-authorization.${KEY}` }, ""],
  ["a subprotocol of Deepgram's", { "sec-websocket-protocol": `token, ${KEY}` }, ""],
  ["the query's key", {}, `?alt=sse&key=${KEY}&x=%20y`],
  ["the query's api-key", {}, `?api-key=${KEY}`],
  ["the query's access_token", {}, `?access_token=${KEY}`],
  ["the query's Authorization", {}, `?Authorization=Bearer%20${KEY}`],
];

test("a key is found wherever a client can put it, and no provider sees it", async () => {
  for (const [name, headers, query] of SLOTS) {
    const { ask, sent, records } = house(() => completion(), { auth: AUTH });
    const { authorization: _, ...rest } = chat("gpt-x").headers;
    const answer = await ask(`/openai/chat/completions${query}`, {
      ...chat("gpt-x"),
      headers: { ...rest, ...headers, "cf-aig-debug": "true" },
    });
    assert.equal(answer.status, 200, name);
    assert.match(answer.headers.get("cf-aig-attempts") ?? "", /openai gpt-x first 200/);
    await answer.text();
    const [record] = await records();
    assert.deepEqual([record?.key, record?.tenant], ["acme", "acme"], name);
    assert.equal(
      JSON.stringify([record, sent[0]?.url.href, sent[0]?.headers, [...answer.headers]]).includes(KEY),
      false,
      name,
    );
  }
});

test("the rest of a query stays as it was written", async () => {
  const { ask, sent } = house(() => completion(), { auth: AUTH });
  await ask(`/openai/chat/completions?alt=sse&key=${KEY}&x=%20y&&z=a+b&key2=1`, chat("gpt-x"));
  assert.equal(sent[0]?.url.search, "?alt=sse&x=%20y&&z=a+b&key2=1");
});

test("a provider's key beside it goes on, and one in the query, too", async () => {
  const { ask, sent } = house(() => completion(), { auth: AUTH });
  const init = chat("gpt-x");
  await ask("/openai/chat/completions", { ...init, headers: { ...init.headers, "x-api-key": KEY } });
  assert.equal(new Headers(sent[0]?.headers as [string, string][]).get("authorization"), "Bearer sk-client");
  await ask("/google-ai-studio/v1beta/models/gemini:generateContent?key=AIza-own", {
    method: "POST",
    headers: { "content-type": "application/json", "cf-aig-authorization": KEY },
    body: "{}",
  });
  assert.equal(sent[1]?.url.search, "?key=AIza-own");
});

test("a key in the path opens what is behind it, in every spelling of the slashes, and is nowhere after that", async () => {
  const paths = [
    "/k/KEY/openai/chat/completions",
    "/k/KEY/v1/acc/gw/openai/chat/completions",
    "//k//KEY//openai/chat/completions",
    "/K/KEY/v1/chat/completions",
  ];
  for (const path of paths) {
    const { ask, sent, records } = house(() => completion(), { auth: AUTH });
    const init = path.endsWith("v1/chat/completions") ? chat("openai/gpt-x") : chat("gpt-x");
    const answer = await ask(path.replace("KEY", KEY), init);
    assert.equal(answer.status, 200, path);
    const text = await answer.text();
    const [record] = await records();
    assert.equal(record?.key, "acme");
    assert.equal(
      JSON.stringify([record, sent[0]?.url.href, sent[0]?.headers, text, [...answer.headers]]).includes(KEY),
      false,
      path,
    );
  }
});

test("a wrong key in the path is in no log and no error either, below a base path, too", async () => {
  const wrong = newSecret();
  const { ask, records } = house(() => completion(), { auth: AUTH, basePath: "/ai" });
  for (
    const path of [
      `/ai/k/${wrong}/openai/chat/completions`,
      `/ai/k/${wrong}/nowhere`,
      `/ai/k/${wrong}`,
      `/ai/k/${wrong}/healthz`,
    ]
  ) {
    const answer = await ask(path, chat("gpt-x"));
    const all = JSON.stringify([await answer.text(), [...answer.headers], await records()]);
    assert.equal(all.includes(wrong), false, path);
  }
  const good = await ask(`/ai/k/${KEY}/openai/chat/completions`, chat("gpt-x"));
  assert.equal(good.status, 200);
});

test("a key that stands in a path or a tag where none belongs is in no log", async () => {
  const wrong = newSecret();
  const { ask, records } = house(() => completion(), { auth: AUTH });
  for (
    const path of [
      `/v1/${wrong}/gw/openai/chat/completions`,
      `/v1/acc/${wrong}/openai/chat/completions`,
      `/openai/${wrong}/x`,
    ]
  ) {
    await (await ask(path, { ...chat("gpt-x"), headers: { ...chat("gpt-x").headers, "x-api-key": KEY } })).text();
  }
  const headers = { "cf-aig-metadata": `{"config":"key ${wrong}"}`, "cf-aig-event-id": wrong, "user-agent": wrong };
  await (await ask("/openai/x", { headers: { ...headers, "x-api-key": KEY } })).text();
  const told = JSON.stringify(await records());
  assert.equal(told.includes(wrong), false);
  assert.ok(told.includes("hg_..."));
});

test("the path gives up its key and nothing else", () => {
  const taken = (path: string, basePath = "") => {
    const { url, pathKey } = takeKey(new URL(`http://gw.test${path}`), basePath);
    return [url.pathname + url.search, pathKey];
  };
  assert.deepEqual(taken("/k/abc/v1/x?y=1"), ["/v1/x?y=1", "abc"]);
  assert.deepEqual(taken("/k/a%2Fb%21/x"), ["/x", "a/b!"]);
  assert.deepEqual(taken("/k/a%/x"), ["/x", "a%"]);
  assert.deepEqual(taken("/k/abc"), ["/", "abc"]);
  assert.deepEqual(taken("/k/"), ["/", ""]);
  assert.deepEqual(taken("/k"), ["/k", undefined]);
  assert.deepEqual(taken("/v1/k/abc/openai/x"), ["/v1/k/abc/openai/x", undefined]);
  assert.deepEqual(taken("/v1/k/hg_abc/openai/x"), ["/v1/openai/x", "hg_abc"]);
  assert.deepEqual(taken("/V1//k/hg_abc"), ["/V1", "hg_abc"]);
  assert.deepEqual(taken("/ai/k/abc/x", "/ai"), ["/ai/x", "abc"]);
  assert.deepEqual(taken("/k/abc/x", "/ai"), ["/k/abc/x", undefined]);
  assert.deepEqual(taken("/kiosk/abc"), ["/kiosk/abc", undefined]);
});

test("what a client makes of a missing key is no credential", () => {
  for (
    const text of [
      "",
      " ",
      "Bearer",
      "Bearer ",
      "Bearer undefined",
      "bearer null",
      "undefined",
      "NULL",
      "None",
      "Bearer Bearer",
      "token",
      "$HEADGATE_KEY",
      "Bearer ${KEY}",
      "{{key}}",
      "<your key>",
      "[object Object]",
      "NaN",
    ]
  ) {
    assert.equal(credentialOf(text), undefined, text);
  }
  for (const text of ["Bearer x", "x", "undefined1", "keyring", "nullable"]) {
    assert.notEqual(credentialOf(text), undefined, text);
  }
});

test("slots come in one order: the gateway's own, then those that a provider may want", () => {
  const headers = new Headers({
    "x-goog-api-key": "e",
    "api-key": "d",
    "x-api-key": "c",
    authorization: "b",
    "cf-aig-authorization": "a",
    "sec-websocket-protocol": "cf-aig-authorization.p, openai-insecure-api-key.o, realtime",
  });
  const url = new URL("http://gw.test/x?key=q&cf-aig-authorization=r&other=z");
  const slots = slotsOf({ heard: readHeaders(headers), headers, url, pathKey: "path" });
  assert.deepEqual(slots.map(({ credential }) => credential).join(" "), "a path p o b c d e q r");
  assert.deepEqual(slots.filter(({ isOwn }) => isOwn).map(({ credential }) => credential).join(" "), "a path p r");
});

test("what was found is taken out of headers, subprotocols and the query, and nothing else is", () => {
  const headers = new Headers({
    authorization: "Bearer gw",
    "x-api-key": "sk",
    "sec-websocket-protocol": "realtime, openai-insecure-api-key.gw, other",
  });
  const call = {
    heard: readHeaders(headers),
    headers,
    url: new URL("http://gw.test/x?key=gw&a=1"),
    pathKey: undefined,
  };
  const ours = slotsOf(call).filter(({ credential }) => credential === "gw");
  const left = without(call, ours);
  assert.deepEqual([...left.headers], [["sec-websocket-protocol", "realtime, other"], ["x-api-key", "sk"]]);
  assert.equal(left.url.search, "?a=1");
  assert.equal(headers.get("authorization"), "Bearer gw", "the call's own stay");
  const same = without(call, []);
  assert.ok(same.headers === headers && same.url === call.url);
});

test("a key of the keyring and a token that is ours go to no provider, good or not, though the gateway asks for none", async () => {
  const secret = newSecret();
  const hash = await hashOf(secret, "a pepper of some length");
  const es256 = await signer("ES256");
  const provider = idp([es256]);
  const [good, expired] = [await mint(es256), await mint(es256, { iss: "https://idp.test", exp: 1 })];
  const keyring = {
    find: async (wanted: string) =>
      wanted !== hash ? undefined : {
        id: "old",
        tenant: "acme",
        roles: ["caller" as const],
        grants: {},
        expiresAt: 1,
        createdAt: 0,
        createdBy: "config",
        secrets: [{ hash, hint: "", createdAt: 0, expiresAt: undefined }],
      },
  };
  for (const credential of [secret, good, expired]) {
    const { ask, sent } = house(() => completion(), {
      auth: {
        pepper: "a pepper of some length",
        jwt: { jwks: "https://idp.test/jwks.json", issuer: "https://idp.test", audience: "headgate" },
      },
      keyring,
      tokens: () => provider.tokens,
      gateways: { default: { auth: "off" } },
    });
    const init = chat("gpt-x");
    const answer = await ask(`/openai/chat/completions?key=${credential}&x=1`, {
      ...init,
      headers: {
        ...init.headers,
        authorization: `Bearer ${credential}`,
        "x-api-key": credential,
        "openai-organization": credential,
      },
    });
    assert.equal(answer.status, 200);
    assert.equal(JSON.stringify([sent[0]?.url.href, sent[0]?.headers]).includes(credential), false);
    assert.equal(sent[0]?.url.search, "?x=1");
  }
});

test("a key that was revoked goes to no provider beside one that is good", async () => {
  const [good, revoked] = [newSecret(), newSecret()];
  const pepper = "a pepper of some length";
  const hash = await hashOf(good, pepper);
  const keyring = {
    find: async (wanted: string) =>
      wanted !== hash ? undefined : {
        id: "good",
        tenant: "acme",
        roles: ["caller" as const],
        grants: {},
        expiresAt: undefined,
        createdAt: 0,
        createdBy: "config",
        secrets: [{ hash, hint: "", createdAt: 0, expiresAt: undefined }],
      },
  };
  const { ask, sent } = house(() => completion(), {
    auth: { pepper },
    keyring,
    providers: { openai: { key: "sk-own" } },
  });
  const init = chat("gpt-x");
  const headers = { ...init.headers, "cf-aig-authorization": good, authorization: `Bearer ${revoked}` };
  assert.equal((await ask("/openai/chat/completions", { ...init, headers })).status, 200);
  assert.deepEqual(sent[0]?.headers.filter(([name]) => name === "authorization"), [["authorization", "Bearer sk-own"]]);
});

test("another key of the gateway's in a universal step goes to no provider, and opens nothing", async () => {
  const secret = "another-key-of-the-gateway";
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret)));
  const sha256 = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const keys = [...AUTH.keys, { id: "other", sha256 }];
  const step = { provider: "openai", endpoint: "chat/completions", query: { model: "m", messages: [] } };
  const body = JSON.stringify([{ ...step, headers: { Authorization: `Bearer ${secret}`, "openai-project": secret } }]);
  for (const mode of ["required", "off"] as const) {
    const { ask, sent } = house(() => completion(), { auth: { keys }, gateways: { default: { auth: mode } } });
    const asked = (headers: Record<string, string>) => ask("/v1/acc/default", { method: "POST", body, headers });
    assert.equal((await asked({})).status, mode === "off" ? 200 : 401);
    assert.equal((await asked({ "cf-aig-authorization": KEY })).status, 200);
    assert.equal(JSON.stringify(sent).includes(secret), false, mode);
    const inQuery = JSON.stringify([{ ...step, endpoint: `chat/completions?key=${secret}` }]);
    const before = sent.length;
    const answer = await ask("/v1/acc/default", { method: "POST", body: inQuery, headers: { authorization: KEY } });
    assert.deepEqual([answer.status, sent.length], [400, before]);
  }
});

test("a key in disguise goes to no provider: as a password, or encoded beside what is no text", async () => {
  const { ask, sent } = house(() => completion(), { auth: AUTH });
  const init = chat("gpt-x");
  const headers = { ...init.headers, "cf-aig-authorization": KEY };
  const authorization = `Basic ${btoa(`user:${KEY}`)}`;
  assert.equal(
    (await ask("/openai/chat/completions", { ...init, headers: { ...headers, authorization } })).status,
    200,
  );
  assert.deepEqual(sent[0]?.headers.filter(([name]) => name === "authorization"), []);
  const encoded = `%${KEY.charCodeAt(0).toString(16)}${KEY.slice(1)}`;
  assert.equal((await ask(`/openai/chat/completions?a=%ff&b=${encoded}`, { ...init, headers })).status, 400);
  assert.equal(sent.length, 1);
});
