import assert from "node:assert/strict";
import { test } from "node:test";
import { completion, house } from "../core/house.ts";
import type { Grants, Options, PolicyConfig } from "../../mod.ts";

interface Ask {
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

async function asked(
  rules: readonly PolicyConfig[],
  { path = "/openai/chat/completions", body, headers, method = "POST" }: Ask,
  grants?: Grants,
) {
  const options: Options = {
    policies: rules,
    providers: {
      "azure-openai": { origin: "https://azure.test" },
      "google-ai-studio": {},
      "aws-bedrock": { origin: "https://bedrock.test" },
      "custom-other": { origin: "https://other.test/v1", wire: "openai-chat", models: ["gpt-5", "gpt-4o"] },
      "openai": { models: ["gpt-5", "gpt-4o"] },
    },
    auth: { keys: [{ id: "k-1", key: "the-key", tenant: "acme", grants }] },
  };
  const { ask, sent, records } = house(() => completion(), options);
  const answer = await ask(path, {
    method,
    headers: {
      "content-type": "application/json",
      authorization: "Bearer sk-x",
      "cf-aig-authorization": "the-key",
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    text,
    sent: sent.map(({ url }) => url.host),
    headers: answer.headers,
    record: (await records())[0],
  };
}

const model = (name: unknown, extra: object = {}) => ({
  model: name,
  messages: [{ role: "user", content: "hi" }],
  ...extra,
});
const phi = { "cf-aig-metadata": '{"phi":true}' };
const PHI: PolicyConfig[] = [{ when: { "metadata.phi": "true" }, allow: { providers: ["aws-bedrock"] } }];

test("tenants tagged phi reach only aws-bedrock; all others reach everything", async () => {
  const bedrock = { path: "/aws-bedrock/bedrock-runtime/us-east-1/model/claude/converse", body: {} };
  assert.equal((await asked(PHI, { body: model("gpt-5"), headers: phi })).status, 403);
  assert.equal((await asked(PHI, { ...bedrock, headers: phi })).status, 200);
  assert.equal((await asked(PHI, { body: model("gpt-5") })).status, 200);
  for (const value of ['"true"', '"TRUE"', '" True "', "true"]) {
    const headers = { "cf-aig-metadata": `{"phi":${value}}` };
    assert.equal((await asked(PHI, { body: model("gpt-5"), headers })).status, 403, value);
  }
});

test("a refusal is one sentence in the caller's dialect, and nothing leaves the house", async () => {
  const { text, sent, record } = await asked(PHI, {
    path: "/anthropic/v1/messages",
    body: model("claude"),
    headers: phi,
  });
  const told = JSON.parse(text) as { type: string; error: { type: string; message: string } };
  assert.deepEqual([told.type, told.error.type], ["error", "permission_error"]);
  assert.equal(
    told.error.message,
    'Choose another provider or model: a policy leaves none of what was asked of "anthropic".',
  );
  assert.deepEqual(sent, []);
  assert.equal(record?.error?.code, "forbidden");
});

type Row = readonly [name: string, rules: readonly PolicyConfig[], ask: Ask, status: number];

const denyOpenai: PolicyConfig[] = [{ deny: { providers: ["openai"] } }];
const denyGpt4: PolicyConfig[] = [{ deny: { models: ["gpt-4*"] } }];
const allowGpt5: PolicyConfig[] = [{ allow: { models: ["gpt-5*"] } }];
const allowOpenaiGpt5: PolicyConfig[] = [{ allow: { models: ["openai/gpt-5*"] } }];
const denyGemini: PolicyConfig[] = [{ deny: { models: ["gemini-2.5-pro*"] } }];
const gemini = (name: string, body: unknown = {}) => ({
  path: `/google-ai-studio/v1beta/models/${name}:generateContent`,
  body,
});
const other = "/custom-other/chat/completions";

const ROWS: readonly Row[] = [
  ["no rule", [], { body: model("gpt-4o") }, 200],
  ["a rule for another tenant", [{ when: { tenant: "beta" }, deny: { providers: ["*"] } }], { body: model("x") }, 200],
  ["a rule for this tenant", [{ when: { tenant: "ac*" }, deny: { providers: ["*"] } }], { body: model("x") }, 403],
  ["a rule for one of several keys", [{ when: { key: ["k-9", "K-1"] }, deny: { providers: ["*"] } }], {
    body: model("x"),
  }, 403],
  [
    "a rule for another gateway",
    [{ when: { gateway: "voice-*" }, deny: { providers: ["*"] } }],
    { body: model("x") },
    200,
  ],
  ["conditions hold together", [{ when: { tenant: "acme", gateway: "x" }, deny: { providers: ["*"] } }], {
    body: model("x"),
  }, 200],
  ["a tag that isn't there", [{ when: { "metadata.a": "*" }, deny: { providers: ["*"] } }], { body: model("x") }, 200],
  ["a denied provider", denyOpenai, { body: model("x") }, 403],
  [
    "a denied provider by its alias in the rule",
    [{ deny: { providers: ["gemini"] } }],
    gemini("gemini-2.5-flash"),
    403,
  ],
  ["a denied provider in capitals", [{ deny: { providers: ["OpenAI"] } }], { body: model("x") }, 403],
  ["a denied provider by another slug in the URL", [{ deny: { providers: ["google-ai-studio"] } }], {
    ...gemini("x"),
    path: "/gemini/v1beta/models/x:generateContent",
  }, 403],
  ["another provider", denyOpenai, { path: other, body: model("x") }, 200],
  ["a denied model", denyGpt4, { body: model("gpt-4o") }, 403],
  ["another model", denyGpt4, { body: model("gpt-5") }, 200],
  ["a model of a provider", [{ deny: { models: ["openai/gpt-4*"] } }], { body: model("gpt-4o") }, 403],
  ["the same model elsewhere", [{ deny: { models: ["openai/gpt-4*"] } }], { path: other, body: model("gpt-4o") }, 200],
  ["models of providers", [{ deny: { providers: ["custom-*"], models: ["gpt-4*"] } }], { body: model("gpt-4o") }, 200],
  ["an allowed model", allowGpt5, { body: model("gpt-5-mini") }, 200],
  ["in capitals", allowGpt5, { body: model("GPT-5-mini") }, 200],
  ["what isn't allowed", allowGpt5, { body: model("o3") }, 403],
  ["a provider's allowed model", allowOpenaiGpt5, { body: model("gpt-5") }, 200],
  ["another's model of that name", allowOpenaiGpt5, { path: other, body: model("openai/gpt-5") }, 403],
  ["deny wins over allow", [...allowGpt5, { deny: { models: ["gpt-5-pro"] } }], { body: model("gpt-5-pro") }, 403],
  ["two allows leave what both leave", [...allowGpt5, { allow: { providers: ["openai"] } }], {
    path: other,
    body: model("gpt-5"),
  }, 403],
  // Ways round.
  ["spelled in capitals", denyGpt4, { body: model("GPT-4O") }, 403],
  ["with white space", denyGpt4, { body: model(" gpt-4o\t") }, 403],
  ["with a character of no width", denyGpt4, { body: model("gpt\u200b-4o") }, 403],
  ["with a soft hyphen", denyGpt4, { body: model("g\u00adpt-4o") }, 403],
  ["in full width", denyGpt4, { body: model("\uff47\uff50\uff54-4o") }, 403],
  ["percent-encoded", denyGpt4, { body: model("gpt%2D4o") }, 403],
  ["percent-encoded twice", denyGpt4, { body: model("gpt%252D4o") }, 403],
  ["escaped in JSON", denyGpt4, { body: '{"model":"gpt\\u002d4o"}' }, 403],
  ["an escaped member", denyGpt4, { body: '{"mod\\u0065l":"gpt-4o"}' }, 403],
  ["a member in capitals", denyGpt4, { body: '{"Model":"gpt-4o","model":"gpt-5"}' }, 403],
  ["behind models/", denyGpt4, { body: model("models/gpt-4o") }, 403],
  ["behind models/models/", denyGpt4, { body: model("models/models/gpt-4o") }, 403],
  ["behind a vendor", denyGpt4, { path: other, body: model("openai/gpt-4o") }, 403],
  ["behind publishers", denyGpt4, { path: other, body: model("publishers/openai/models/gpt-4o") }, 403],
  ["with a variant", [{ deny: { models: ["gpt-4o"] } }], { path: other, body: model("openai/gpt-4o:free") }, 403],
  ["with a version", [{ deny: { models: ["gpt-4o"] } }], { path: other, body: model("gpt-4o@20250101") }, 403],
  ["in a list of models", denyGpt4, { path: other, body: model("gpt-5", { models: ["gpt-5", "openai/gpt-4o"] }) }, 403],
  ["in a list of objects", denyGpt4, { path: other, body: model("gpt-5", { fallbacks: [{ model: "gpt-4o" }] }) }, 403],
  ["as model_id", denyGpt4, { path: other, body: { model_id: "gpt-4o" } }, 403],
  ["in the query", denyGpt4, { path: `${other}?model=gpt-4o`, body: model("gpt-5") }, 403],
  ["in the query alone", denyGpt4, { path: `${other}?model=gpt-4o`, method: "GET" }, 403],
  ["an upload whose model is inside", denyGpt4, {
    path: "/openai/audio/transcriptions",
    body: "x",
    headers: { "content-type": "multipart/form-data; boundary=x" },
  }, 403],
  ["an upload where models are allowed", allowGpt5, {
    path: "/openai/audio/transcriptions",
    body: "x",
    headers: { "content-type": "multipart/form-data; boundary=x" },
  }, 403],
  ["an upload elsewhere", [{ deny: { models: ["openai/gpt-4*"] } }], {
    path: "/custom-other/audio/transcriptions",
    body: "x",
    headers: { "content-type": "multipart/form-data; boundary=x" },
  }, 200],
  ["a list of models to look at", allowGpt5, { path: "/openai/models", method: "GET" }, 200],
  ["a batch", allowGpt5, { path: "/openai/batches", body: [model("gpt-5")] }, 403],
  ["a model in a path", denyGemini, gemini("gemini-2.5-pro"), 403],
  ["in a path, another in the body", denyGemini, gemini("gemini-2.5-pro", { model: "gemini-2.5-flash" }), 403],
  [
    "allowed in the body, another in the path",
    [{ allow: { models: ["gemini-2.5-flash"] } }],
    gemini("gemini-2.5-pro", { model: "gemini-2.5-flash" }),
    403,
  ],
  [
    "allowed in both",
    [{ allow: { models: ["gemini-2.5-flash"] } }],
    gemini("gemini-2.5-flash", { model: "models/gemini-2.5-flash" }),
    200,
  ],
  ["in a path in capitals", denyGemini, gemini("GEMINI-2.5-pro"), 403],
  ["in a path without a version", denyGemini, {
    path: "/google-ai-studio/models/gemini-2.5-pro:generateContent",
    body: {},
  }, 403],
  ["a deployment", [{ deny: { models: ["gpt-4*"] } }], {
    path: "/azure-openai/res/gpt-4o/chat/completions?api-version=1",
    body: {},
  }, 403],
  ["a model behind its owner at Replicate", [{ deny: { models: ["*llama-3*"] } }], {
    path: "/replicate/v1/models/meta/llama-3-8b/predictions",
    body: {},
  }, 403],
  ["a model behind its owner at Hugging Face", [{ deny: { models: ["llama-3*"] } }], {
    path: "/huggingface/meta-llama/llama-3-8b",
    body: {},
  }, 403],
  ["a model that something stands behind in a path", denyGpt4, {
    path: "/google-ai-studio/v1beta/models/gpt-4o/x",
    body: {},
  }, 403],
  [
    "an owner",
    [{ deny: { models: ["meta"] } }],
    { path: "/replicate/v1/models/meta/llama-3/predictions", body: {} },
    403,
  ],
  ["a model with its owner, allowed with both", [{ allow: { models: ["replicate/meta/llama-3*"] } }], {
    path: "/replicate/v1/models/meta/llama-3-8b/predictions",
    body: {},
  }, 200],
  ["a model that only its owner has in common", [{ allow: { models: ["replicate/meta/llama-3*"] } }], {
    path: "/replicate/v1/models/meta/llama-2/predictions",
    body: {},
  }, 403],
  ["a Bedrock model", [{ deny: { models: ["anthropic.claude-*"] } }], {
    path: "/aws-bedrock/bedrock-runtime/us-east-1/model/anthropic.claude-3/converse",
    body: {},
  }, 403],
  ["a Bedrock profile of a region", [{ deny: { models: ["anthropic.claude-*"] } }], {
    path: "/aws-bedrock/bedrock-runtime/us-east-1/model/us.anthropic.claude-3/converse",
    body: {},
  }, 403],
  ["a Bedrock ARN", [{ deny: { models: ["anthropic.claude-*"] } }], {
    path:
      "/aws-bedrock/bedrock-runtime/us-east-1/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.anthropic.claude-3/converse",
    body: {},
  }, 403],
  ["by the unified endpoint", denyGpt4, { path: "/v1/chat/completions", body: model("openai/gpt-4o") }, 403],
  [
    "by the unified endpoint in capitals",
    denyOpenai,
    { path: "/v1/chat/completions", body: model("OpenAI/gpt-5") },
    403,
  ],
  ["by a bare step", denyGpt4, {
    path: "/v1/acc/gw",
    body: { provider: "openai", endpoint: "chat/completions", query: model("gpt-4o") },
  }, 403],
  ["by a step of the unified endpoint", denyGpt4, {
    path: "/v1/acc/gw",
    body: [{ provider: "compat", endpoint: "chat/completions", query: model("openai/gpt-4o") }],
  }, 403],
  ["by a step in capitals", denyOpenai, {
    path: "/v1/acc/gw",
    body: [{ provider: "OpenAI", endpoint: "chat/completions", query: model("x") }],
  }, 403],
];

for (const [name, rules, ask, status] of ROWS) {
  test(`policy: ${name}`, async () => {
    const answer = await asked(rules, ask);
    assert.equal(answer.status, status, answer.text.slice(0, 300));
    assert.equal(answer.sent.length, status === 200 ? 1 : 0);
  });
}

const UPLOAD = { "content-type": "multipart/form-data; boundary=x" };
const batched = (name: string) => ({ requests: [{ custom_id: "1", params: model(name) }] });

/** What stands where the provider doesn't look for its model makes none visible. */
const DECOYS: readonly (readonly [name: string, ask: Ask])[] = [
  ["the query of an upload", { path: "/openai/v1/audio/transcriptions?model=gpt-5", body: "x", headers: UPLOAD }],
  ["the query beside JSON that says it is none", {
    path: "/openai/v1/chat/completions?model=gpt-5",
    body: model("gpt-4o"),
    headers: { "content-type": "application/octet-stream" },
  }],
  ["the query of a batch", { path: "/openai/v1/batches?model=gpt-5", body: { input_file_id: "f" } }],
  ["the body of a batch", { path: "/openai/v1/batches", body: { input_file_id: "f", model: "gpt-5" } }],
  ["the query of an assistant", { path: "/openai/v1/threads/t/runs?model=gpt-5", body: { assistant_id: "a" } }],
  ["beside requests of other models", {
    path: "/openai/v1/messages/batches",
    body: { model: "gpt-5", ...batched("gpt-4o") },
  }],
  ["beside the model of a session", {
    path: "/openai/v1/realtime/client_secrets",
    body: { model: "gpt-5", session: { type: "realtime", audio: { input: { transcription: { model: "gpt-4o" } } } } },
  }],
  ["beside a tool's model", { body: model("gpt-5", { tools: [{ type: "image_generation", model: "gpt-4o" }] }) }],
  ["the body, where the path decides", { path: "/fal/gpt-4o/fast", body: { model: "gpt-5" } }],
  ["the body, where a version decides", {
    path: "/replicate/v1/predictions",
    body: { model: "gpt-5", version: "a:1" },
  }],
  ["the body, where a tuned model's path decides", {
    path: "/google-ai-studio/v1beta/tunedModels/gpt-4o:generateContent",
    body: { model: "models/gpt-5" },
  }],
  ["the body, where an endpoint's path decides", {
    path: "/google-vertex-ai/v1/projects/p/locations/us-central1/endpoints/gpt-4o:generateContent",
    body: { model: "gpt-5" },
  }],
  ["the body, where the path is an owner's and a model's", { path: "/hf/gpt-4o/x", body: { model: "gpt-5" } }],
  ["the path, where a header says the address", {
    path: "/fal/models/gpt-5",
    body: {},
    headers: { "x-fal-target-url": "https://queue.fal.run/gpt-4o/fast" },
  }],
];

for (const [name, ask] of DECOYS) {
  test(`policy: a decoy in ${name}`, async () => {
    for (const rules of [allowGpt5, denyGpt4]) {
      const answer = await asked(rules, ask);
      assert.deepEqual([answer.status, answer.sent], [403, []]);
    }
  });
}

test("a model is seen where its provider looks for it: in the query, in all requests of a batch, in a session", async () => {
  const seen: Ask[] = [
    { path: "/deepgram/v1/listen?model=gpt-5", body: "x", headers: { "content-type": "audio/wav" } },
    { path: "/anthropic/v1/messages/batches", body: batched("gpt-5") },
    { path: "/openai/v1/realtime/client_secrets", body: { session: { model: "gpt-5" } } },
    {
      body: model("gpt-5", { tools: [{ type: "function", function: { name: "f", parameters: { model: "gpt-4o" } } }] }),
    },
  ];
  for (const ask of seen) assert.equal((await asked(allowGpt5, ask)).status, 200, ask.path);
});

test("forbidden steps are left out, the rest of the plan stays, and the story tells of it", async () => {
  const step = (provider: string, name: string) => ({ provider, endpoint: "chat/completions", query: model(name) });
  const body = [step("openai", "gpt-4o"), step("custom-other", "gpt-5"), step("openai", "gpt-4o-mini")];
  const { status, sent, headers, record } = await asked(denyGpt4, {
    path: "/v1/acc/gw",
    body,
    headers: { "cf-aig-debug": "true" },
  });
  assert.deepEqual([status, sent, headers.get("cf-aig-step")], [200, ["other.test"], "1"]);
  assert.match(headers.get("cf-aig-attempts") ?? "", /^0 forbidden; 2 forbidden; 1 custom-other gpt-5 first 200/);
  assert.deepEqual(record?.decisions.map(({ step, reason }) => [step, reason]), [[0, "forbidden"], [2, "forbidden"]]);
});

test("a key's grants are kept to, be there no policy, and its refusal says so", async () => {
  const ask = { body: model("gpt-4o") };
  assert.equal((await asked([], ask, { models: ["gpt-4*"] })).status, 200);
  assert.equal((await asked([], ask, { models: ["openai/gpt-4*"] })).status, 200);
  const refused = await asked([], ask, { models: ["gpt-5*"] });
  assert.deepEqual([refused.status, refused.sent], [403, []]);
  assert.match(refused.text, /this key opens none/);
  assert.equal((await asked([], ask, { providers: ["anthropic", "open*"] })).status, 200);
  assert.equal((await asked([], ask, { providers: ["anthropic"] })).status, 403);
  assert.equal((await asked([], ask, { providers: [] })).status, 403);
  assert.equal(
    (await asked([{ allow: { models: ["gpt-4*"] } }], ask, { models: ["gpt-5*"] })).status,
    403,
    "a policy gives nothing",
  );
});

test("the list of models shows what its caller may use", async () => {
  const listed = async (rules: readonly PolicyConfig[], grants?: Grants) => {
    const { text } = await asked(rules, { path: "/v1/models", method: "GET" }, grants);
    return (JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id);
  };
  assert.deepEqual(await listed([]), ["custom-other/gpt-5", "custom-other/gpt-4o", "openai/gpt-5", "openai/gpt-4o"]);
  assert.deepEqual(await listed(denyGpt4), ["custom-other/gpt-5", "openai/gpt-5"]);
  assert.deepEqual(await listed([], { models: ["openai/*"] }), ["openai/gpt-5", "openai/gpt-4o"]);
  assert.deepEqual(await listed(denyGpt4, { providers: ["openai"] }), ["openai/gpt-5"]);
});

test("a rule can only take away: adding one never lets through what was refused", async () => {
  const rules: PolicyConfig[] = [...PHI, ...denyGpt4, ...allowGpt5, ...allowOpenaiGpt5, {
    when: { tenant: "acme" },
    allow: { providers: ["*"] },
  }];
  const asks: Ask[] = [{ body: model("gpt-5") }, { body: model("gpt-4o") }, { path: other, body: model("gpt-5") }, {
    body: model("gpt-5"),
    headers: phi,
  }];
  for (const ask of asks) {
    for (let mask = 0; mask < 1 << rules.length; mask++) {
      const chosen = rules.filter((_, at) => (mask >> at) & 1);
      if ((await asked(chosen, ask)).status !== 403) continue;
      assert.equal((await asked(rules, ask)).status, 403);
      break;
    }
  }
});
