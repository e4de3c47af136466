import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, completion, house } from "./house.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("a call leaves one record that tells its attempts, usage and metadata", async () => {
  const { ask, records } = house((_, count) => count === 1 ? new Response("busy", { status: 503 }) : completion());
  const init = chat("gpt-x");
  const headers = {
    ...init.headers,
    "cf-aig-metadata": '{"tenant":"acme","n":1}',
    "cf-aig-max-attempts": "2",
    "cf-aig-retry-delay": "0",
  };
  const answer = await ask("/v1/acc/gw/openai/chat/completions?x=secret", { ...init, headers });
  assert.equal(answer.status, 200);
  await answer.text();
  const [record, ...others] = await records();
  assert.equal(others.length, 0);
  assert.ok(record);
  assert.match(record.id, UUID_V7);
  assert.deepEqual(record.attempts.map(({ step, number, provider, status }) => [step, number, provider, status]), [
    [0, 1, "openai", 503],
    [0, 2, "openai", 200],
  ]);
  assert.deepEqual([record.usage?.input, record.usage?.output, record.model], [7, 11, "gpt-x"]);
  assert.deepEqual([record.account, record.gateway, record.path], ["acc", "gw", "/v1/acc/gw/openai/chat/completions"]);
  assert.deepEqual({ ...record.metadata }, { tenant: "acme", n: 1 });
  assert.equal(JSON.stringify(record).includes("secret"), false);
  assert.equal(JSON.stringify(record).includes("sk-client"), false);
});

test("the caller's event id is echoed, and log id and request id are one UUIDv7", async () => {
  const { ask } = house(() => completion());
  const init = chat("gpt-x");
  const answer = await ask("/openai/chat/completions", {
    ...init,
    headers: { ...init.headers, "cf-aig-event-id": "e-1" },
  });
  assert.equal(answer.headers.get("cf-aig-event-id"), "e-1");
  assert.match(answer.headers.get("cf-aig-log-id") ?? "", UUID_V7);
  assert.equal(answer.headers.get("cf-aig-log-id"), answer.headers.get("cf-aig-request-id"));
});

test("of seven metadata entries the first five are kept; nested and broken ones count as none, and the call goes on", async () => {
  const { ask, records } = house(() => completion());
  for (const metadata of ['{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}', '{"a":{"b":1}}', "not json"]) {
    const init = chat("gpt-x");
    const answer = await ask("/openai/chat/completions", {
      ...init,
      headers: { ...init.headers, "cf-aig-metadata": metadata },
    });
    assert.equal(answer.status, 200);
    await answer.text();
  }
  assert.deepEqual((await records()).map(({ metadata }) => Object.keys(metadata).join("")), ["abcde", "", ""]);
});

test("log collection is off by header, bodies too, and a header wins over the gateway", async () => {
  const collected = async (header: Record<string, string>, collect = true) => {
    const { ask, records } = house(() => completion(), { gateways: { default: { logs: { collect } } } });
    const init = chat("gpt-x");
    await (await ask("/openai/chat/completions", { ...init, headers: { ...init.headers, ...header } })).text();
    const [record] = await records();
    return record === undefined ? "none" : record.payload === undefined ? "row" : "bodies";
  };
  assert.equal(await collected({}), "bodies");
  assert.equal(await collected({ "cf-aig-collect-log": "false" }), "none");
  assert.equal(await collected({ "cf-aig-collect-log-payload": "false" }), "row");
  assert.equal(await collected({}, false), "none");
  assert.equal(await collected({ "cf-aig-collect-log": "true" }, false), "bodies");
});

test("bodies in the record are what went by", async () => {
  const { ask, records } = house(() => completion());
  const init = chat("gpt-x");
  const text = await (await ask("/openai/chat/completions", init)).text();
  const [record] = await records();
  const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
  assert.equal(decode(record?.payload?.request), init.body);
  assert.equal(record?.payload?.answer.map(decode).join(""), text);
});

test("when every step fails the client gets the last one's answer with its step", async () => {
  const { ask, sent } = house((_, count) =>
    new Response(`{"n":${count}}`, { status: 500 + count, headers: { "content-type": "application/json" } })
  );
  const step = { provider: "openai", endpoint: "chat/completions", query: { model: "m" } };
  const answer = await ask("/v1/acc/gw", { method: "POST", body: JSON.stringify([step, step, step]) });
  assert.deepEqual([answer.status, await answer.text(), answer.headers.get("cf-aig-step")], [503, '{"n":3}', "2"]);
  assert.deepEqual([sent.length, answer.headers.get("x-should-retry")], [3, "false"]);
});

test("a network error of the last step is a 502 in Cloudflare's envelope with its step", async () => {
  const { ask } = house(() => Promise.reject(new Error("ECONNREFUSED 10.0.0.1:443 secret")));
  const step = { provider: "openai", endpoint: "chat/completions", query: {} };
  const answer = await ask("/", { method: "POST", body: JSON.stringify([step, step]) });
  const body = await answer.json();
  assert.deepEqual([answer.status, answer.headers.get("cf-aig-step"), body.success, body.name], [
    502,
    "1",
    false,
    "AiGatewayError",
  ]);
  assert.equal(JSON.stringify(body).includes("secret"), false);
});

test("what concerns the whole call may stand in the first step's headers", async () => {
  const { ask, records } = house(() => completion());
  const headers = { "cf-aig-metadata": { user: "u1" }, "cf-aig-event-id": "e2", authorization: "Bearer sk-step" };
  const step = { provider: "openai", endpoint: "chat/completions", headers, query: { model: "m" } };
  const answer = await ask("/v1/acc/gw/", { method: "POST", body: JSON.stringify(step) });
  await answer.text();
  const [record] = await records();
  assert.equal(answer.headers.get("cf-aig-event-id"), "e2");
  assert.deepEqual({ ...record?.metadata }, { user: "u1" });
});

test("the call's own credential never reaches the providers of a universal call", async () => {
  const { ask, sent } = house(() => completion());
  const steps = [{
    provider: "openai",
    endpoint: "chat/completions",
    headers: { authorization: "Bearer sk-step" },
    query: {},
  }];
  await ask("/", {
    method: "POST",
    headers: { authorization: "Bearer sk-call", "x-api-key": "k" },
    body: JSON.stringify(steps),
  });
  assert.deepEqual(sent[0]?.headers.filter(([name]) => name === "authorization" || name === "x-api-key"), [[
    "authorization",
    "Bearer sk-step",
  ]]);
});

test("a stored key is shown in the form that the client uses, else in the provider's own, unless the client brings one", async () => {
  const { ask, sent } = house(() => completion(), { providers: { anthropic: { key: "sk-stored" } } });
  const body = '{"model":"claude","messages":[]}';
  const call = (headers: Record<string, string>) =>
    ask("/anthropic/v1/messages", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
  await call({});
  await call({ "x-api-key": "sk-client" });
  await call({ authorization: "Bearer undefined" });
  const shown = sent.map(({ headers }) => headers.filter(([name]) => name === "x-api-key" || name === "authorization"));
  assert.deepEqual(shown, [[["x-api-key", "sk-stored"]], [["x-api-key", "sk-client"]], [[
    "authorization",
    "Bearer sk-stored",
  ]]]);
});

test("an unknown gateway is 400 with code 2001, and without a list no name is unknown", async () => {
  const listed = house(() => completion(), { gateways: { prod: {} } });
  const step = JSON.stringify({ provider: "openai", endpoint: "chat/completions", query: {} });
  const refused = await listed.ask("/v1/acc/nope", { method: "POST", body: step });
  assert.deepEqual([refused.status, (await refused.json()).error[0].code], [400, 2001]);
  assert.equal((await listed.ask("/v1/acc/prod", { method: "POST", body: step })).status, 200);
  assert.equal((await house(() => completion()).ask("/v1/acc/nope", { method: "POST", body: step })).status, 200);
});

test("an error speaks the dialect of the route with Cloudflare's fields beside it", async () => {
  const { ask, sent } = house(() => completion());
  const bad = { method: "POST", headers: { "content-type": "application/json" }, body: "{" };
  const bodies = await Promise.all(
    ["/openai/chat/completions", "/anthropic/v1/messages", "/google-ai-studio/v1beta/models/m:generateContent", "/"]
      .map(async (path) => await (await ask(path, bad)).json()),
  );
  assert.equal(bodies[0].error.code, "invalid_json");
  assert.deepEqual([bodies[1].type, bodies[1].error.type], ["error", "invalid_request_error"]);
  assert.deepEqual([bodies[2].error.code, bodies[2].error.status], [400, "INVALID_ARGUMENT"]);
  assert.equal(bodies[3].error[0].code, bodies[0].internalCode);
  for (const body of bodies) assert.deepEqual([body.name, body.httpCode, body.success], ["AiGatewayError", 400, false]);
  assert.equal(sent.length, 0);
});

test("a unified call loses its prefix and nothing else, and one without a prefix is told so", async () => {
  const { ask, sent } = house(() => completion());
  const body = '{ "n": 12345678901234567890,"model" : "openai/gpt-x" , "messages":[]}';
  const init = { method: "POST", headers: { "content-type": "application/json" } };
  assert.equal((await ask("/compat/chat/completions", { ...init, body })).status, 200);
  assert.equal(new TextDecoder().decode(sent[0]?.body as Uint8Array), body.replace("openai/gpt-x", "gpt-x"));
  const refused = await ask("/compat/chat/completions", { ...init, body: '{"model":"gpt-x"}' });
  assert.deepEqual([refused.status, (await refused.json()).internalCode], [400, 2019]);
});

test("an unknown path is 404 and names a known one", async () => {
  const { ask } = house(() => completion());
  const answer = await ask("/nothing/here/at-all");
  assert.equal(answer.status, 404);
  assert.match((await answer.json()).error.message, /\//);
});

test("a gateway that asks for a key refuses before anything else, and takes it with and without Bearer", async () => {
  const { ask, sent } = house(() => completion(), {
    auth: { keys: [{ id: "k1", key: "hg-key", tenant: "acme" }] },
    gateways: { default: {}, open: { auth: "off" } },
  });
  const call = (path: string, credential?: string) =>
    ask(path, {
      ...chat("m"),
      headers: {
        "content-type": "application/json",
        ...(credential === undefined ? {} : { "cf-aig-authorization": credential }),
      },
    });
  const statuses = await Promise.all([
    call("/openai/chat/completions"),
    call("/openai/chat/completions", "Bearer nope"),
    call("/openai/chat/completions", "Bearer hg-key"),
    call("/openai/chat/completions", "hg-key"),
    call("/v1/acc/open/openai/chat/completions", "Bearer undefined"),
  ]);
  assert.deepEqual(statuses.map(({ status }) => status), [401, 401, 200, 200, 200]);
  assert.equal(sent.length, 3);
  assert.ok(sent.every(({ headers }) => headers.every(([name]) => !name.startsWith("cf-aig"))));
});

test("a gateway key is taken where a client puts its provider's key, and is never passed on", async () => {
  const auth = { keys: [{ id: "k1", key: "hg-key" }] };
  const { ask, sent, records } = house(() => completion(), { auth, gateways: { default: {}, open: { auth: "off" } } });
  const call = async (path: string, headers: Record<string, string>) => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: '{"model":"m"}' };
    const answer = await ask(path, init);
    await answer.text();
    return answer.status;
  };
  assert.equal(await call("/openai/chat/completions", { authorization: "Bearer hg-key" }), 200);
  assert.equal(
    await call("/anthropic/v1/messages", { "x-api-key": "hg-key", authorization: "Bearer sk-own" }),
    200,
  );
  assert.equal(await call("/v1/a/open/openai/chat/completions", { authorization: "Bearer hg-key" }), 200);
  assert.equal(await call("/openai/chat/completions", { authorization: "Bearer sk-other" }), 401);
  assert.equal(sent.length, 3);
  assert.equal(JSON.stringify(sent.map(({ headers }) => headers)).includes("hg-key"), false);
  assert.deepEqual((await records()).map(({ key }) => key), ["k1", "k1", "k1", undefined]);
});

test("a vendor's OpenAI endpoints are shown a stored key as they want it", async () => {
  const providers = { "google-ai-studio": { key: "AIza-stored" }, openai: { key: "sk-stored" } };
  const { ask, sent } = house(() => completion(), { providers });
  const init = { method: "POST", headers: { "content-type": "application/json" } };
  await ask("/compat/chat/completions", {
    ...init,
    body: '{"model":"google-ai-studio/gemini-2.5-flash","messages":[]}',
  });
  await ask("/google-ai-studio/v1beta/models/m:generateContent", { ...init, body: "{}" });
  const shown = sent.map(({ headers }) =>
    headers.filter(([name]) => name === "authorization" || name === "x-goog-api-key")
  );
  assert.deepEqual(shown, [[["authorization", "Bearer AIza-stored"]], [["x-goog-api-key", "AIza-stored"]]]);
});

test("a key of the gateway's own reaches no provider, wherever a client puts it", async () => {
  const auth = { keys: [{ id: "k1", key: "hg-secret-key" }] };
  const { ask, sent } = house(() => completion(), { auth, providers: { openai: { key: "sk-stored" } } });
  const call = async (headers: Record<string, string>, endpoint = "chat/completions") => {
    const body = JSON.stringify([{ provider: "openai", endpoint, headers, query: { model: "m" } }]);
    const answer = await ask("/", {
      method: "POST",
      headers: { "cf-aig-authorization": "Bearer hg-secret-key" },
      body,
    });
    await answer.text();
    return answer.status;
  };
  assert.equal(await call({ authorization: "Bearer hg-secret-key" }), 200);
  assert.equal(
    await call({ authorization: "Bearer hg-secret-key, Bearer other", "x-client-request-id": "hg-secret-key" }),
    200,
  );
  assert.equal(await call({}, "chat/completions?key=hg-secret-key"), 400);
  assert.equal(sent.length, 2);
  assert.equal(JSON.stringify(sent.map(({ headers, url }) => [headers, url.href])).includes("hg-secret"), false);
  const shown = sent.map(({ headers }) => headers.filter(([name]) => name === "authorization"));
  assert.deepEqual(shown, Array(2).fill([["authorization", "Bearer sk-stored"]]));
});

test("a step's headers are held to what a request's head could be", async () => {
  const { ask, sent } = house(() => completion());
  const step = { provider: "openai", endpoint: "x", headers: { "user-agent": "x".repeat(40_000) }, query: {} };
  assert.equal((await ask("/", { method: "POST", body: JSON.stringify(step) })).status, 400);
  assert.equal(sent.length, 0);
});
