import assert from "node:assert/strict";
import { test } from "node:test";
import { faultIn } from "../../src/providers/wires/speech.ts";
import { WIRES } from "../../src/providers/wires/table.ts";
import { type Course, type Reason, verdictOf } from "../../src/routing/verdict.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);

type Row = readonly [who: string, status: number, body: unknown, course: Course, reason: Reason];

const openai = (code: string | null, message: string, type = "invalid_request_error") => ({
  error: { message, type, param: null, code },
});
const anthropic = (type: string, message: string) => ({ type: "error", error: { type, message }, request_id: "req_1" });
const google = (code: number, status: string, message: string, details: readonly object[] = []) => ({
  error: { code, message, status, details },
});
const quota = (id: string) => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaMetric: "generativelanguage.googleapis.com/generate_content_free_tier_requests", quotaId: id }],
});
const retryIn = (retryDelay: string) => ({ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay });
const QUOTA = "You exceeded your current quota, please check your plan and billing details.";

/** What providers answer, and what it means. */
const ROWS: readonly Row[] = [
  [
    "OpenAI",
    429,
    openai(
      "rate_limit_exceeded",
      "Rate limit reached for gpt-5 in organization org-1 on requests per min (RPM): Limit 3, Used 3. You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing.",
      "requests",
    ),
    "retry",
    "throttled",
  ],
  [
    "OpenAI",
    429,
    openai(
      "rate_limit_exceeded",
      "Request too large for gpt-5 on tokens per min (TPM): Limit 30000, Requested 40000.",
      "tokens",
    ),
    "final",
    "context-length",
  ],
  ["OpenAI", 429, openai("insufficient_quota", QUOTA, "insufficient_quota"), "next", "no-credit"],
  [
    "OpenAI",
    429,
    openai("credit_balance_exhausted", "Your credit balance is exhausted.", "insufficient_quota"),
    "next",
    "no-credit",
  ],
  [
    "OpenAI",
    429,
    openai("project_spend_limit_exceeded", "This project has reached its limit.", "insufficient_quota"),
    "next",
    "no-credit",
  ],
  ["OpenAI", 429, openai("organization_usage_limit_exceeded", "Reached.", "insufficient_quota"), "next", "no-credit"],
  ["OpenAI", 400, openai("billing_hard_limit_reached", "Billing hard limit has been reached"), "next", "no-credit"],
  ["OpenAI", 503, openai("server_is_overloaded", "The server is overloaded", "server_error"), "retry", "overloaded"],
  [
    "OpenAI",
    500,
    openai(null, "The server had an error while processing your request.", "server_error"),
    "retry",
    "unavailable",
  ],
  [
    "OpenAI",
    400,
    openai(
      "context_length_exceeded",
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
    ),
    "final",
    "context-length",
  ],
  ["OpenAI", 400, openai("string_above_max_length", "Invalid 'input': string too long."), "final", "context-length"],
  ["OpenAI", 400, openai("content_policy_violation", "Your request was rejected."), "final", "content-filter"],
  [
    "OpenAI",
    400,
    openai("moderation_blocked", "Your request was rejected by the safety system.", "image_generation_user_error"),
    "final",
    "content-filter",
  ],
  [
    "OpenAI",
    400,
    openai("invalid_prompt", "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
    "final",
    "content-filter",
  ],
  [
    "OpenAI",
    400,
    openai("unsupported_value", "Unsupported value: 'temperature' does not support 0.5 with this model."),
    "final",
    "bad-request",
  ],
  ["OpenAI", 400, openai("invalid_type", "Invalid type for 'messages': expected an array."), "final", "bad-request"],
  ["OpenAI", 401, openai("invalid_api_key", "Incorrect API key provided: sk-..."), "next", "unauthorized"],
  [
    "OpenAI",
    403,
    openai("unsupported_country_region_territory", "Country, region, or territory not supported", "request_forbidden"),
    "next",
    "unauthorized",
  ],
  [
    "OpenAI",
    403,
    openai("model_not_found", "Project `proj_1` does not have access to model `gpt-5`"),
    "next",
    "not-found",
  ],
  [
    "OpenAI",
    404,
    openai("model_not_found", "The model `gpt-9` does not exist or you do not have access to it."),
    "next",
    "not-found",
  ],
  ["OpenAI", 409, openai(null, "Conflict"), "retry", "conflict"],
  [
    "Azure",
    400,
    {
      error: {
        message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        type: null,
        param: "prompt",
        code: "content_filter",
        status: 400,
        innererror: {
          code: "ResponsibleAIPolicyViolation",
          content_filter_result: { hate: { filtered: true, severity: "high" } },
        },
      },
    },
    "final",
    "content-filter",
  ],
  [
    "Azure",
    404,
    { error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." } },
    "next",
    "not-found",
  ],
  [
    "Azure",
    401,
    { error: { code: "401", message: "Access denied due to invalid subscription key or wrong API endpoint." } },
    "next",
    "unauthorized",
  ],
  [
    "Azure",
    429,
    {
      error: {
        code: "429",
        message:
          "Requests to the ChatCompletions_Create Operation have exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 6 seconds.",
      },
    },
    "retry",
    "throttled",
  ],
  ["Azure", 408, { error: { code: "Timeout", message: "The operation was timeout." } }, "retry", "timeout"],
  ["Anthropic", 529, anthropic("overloaded_error", "Overloaded"), "retry", "overloaded"],
  ["Anthropic", 500, anthropic("api_error", "Internal server error"), "retry", "unavailable"],
  ["Anthropic", 504, anthropic("timeout_error", "Timed out"), "retry", "timeout"],
  [
    "Anthropic",
    429,
    anthropic(
      "rate_limit_error",
      "This request would exceed your organization's rate limit of 50,000 input tokens per minute.",
    ),
    "retry",
    "throttled",
  ],
  ["Anthropic", 429, anthropic("enforced_spend_limit_reached", "Reached."), "next", "no-credit"],
  [
    "Anthropic",
    400,
    anthropic(
      "invalid_request_error",
      "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
    ),
    "next",
    "no-credit",
  ],
  [
    "Anthropic",
    400,
    anthropic(
      "invalid_request_error",
      "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
    ),
    "next",
    "no-credit",
  ],
  ["Anthropic", 402, anthropic("billing_error", "Payment required"), "next", "no-credit"],
  [
    "Anthropic",
    400,
    anthropic("invalid_request_error", "prompt is too long: 200251 tokens > 200000 maximum"),
    "final",
    "context-length",
  ],
  [
    "Anthropic",
    400,
    anthropic("invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
    "final",
    "context-length",
  ],
  [
    "Anthropic",
    400,
    anthropic("invalid_request_error", "Output blocked by content filtering policy"),
    "final",
    "content-filter",
  ],
  ["Anthropic", 400, anthropic("invalid_request_error", "messages: roles must alternate"), "final", "bad-request"],
  ["Anthropic", 401, anthropic("authentication_error", "invalid x-api-key"), "next", "unauthorized"],
  [
    "Anthropic",
    403,
    anthropic("permission_error", "Your API key does not have permission to use the specified resource."),
    "next",
    "unauthorized",
  ],
  ["Anthropic", 404, anthropic("not_found_error", "model: claude-9"), "next", "not-found"],
  ["Anthropic", 413, anthropic("request_too_large", "Request exceeds the maximum size"), "final", "bad-request"],
  [
    "Gemini",
    429,
    google(429, "RESOURCE_EXHAUSTED", QUOTA, [
      quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
      retryIn("12s"),
    ]),
    "retry",
    "throttled",
  ],
  [
    "Gemini",
    429,
    google(429, "RESOURCE_EXHAUSTED", QUOTA, [
      quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
      retryIn("12s"),
    ]),
    "next",
    "no-credit",
  ],
  ["Gemini", 429, google(429, "RESOURCE_EXHAUSTED", QUOTA), "next", "no-credit"],
  [
    "Vertex",
    429,
    google(429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later."),
    "retry",
    "throttled",
  ],
  [
    "Vertex",
    429,
    [google(
      429,
      "RESOURCE_EXHAUSTED",
      "Quota exceeded for aiplatform.googleapis.com/generate_content_requests_per_minute_per_project_per_base_model.",
    )],
    "retry",
    "throttled",
  ],
  [
    "Gemini",
    503,
    google(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "retry",
    "overloaded",
  ],
  ["Gemini", 500, google(500, "INTERNAL", "An internal error has occurred."), "retry", "unavailable"],
  ["Gemini", 504, google(504, "DEADLINE_EXCEEDED", "The request timed out."), "retry", "timeout"],
  [
    "Gemini",
    400,
    google(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [{ reason: "API_KEY_INVALID" }]),
    "next",
    "unauthorized",
  ],
  [
    "Gemini",
    400,
    google(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    "next",
    "unauthorized",
  ],
  [
    "Gemini",
    400,
    google(
      400,
      "INVALID_ARGUMENT",
      "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
    ),
    "final",
    "context-length",
  ],
  ["Gemini", 400, google(400, "INVALID_ARGUMENT", "The prompt was blocked: SAFETY"), "final", "content-filter"],
  [
    "Gemini",
    400,
    google(400, "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "foo"'),
    "final",
    "bad-request",
  ],
  [
    "Gemini",
    403,
    google(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers."),
    "next",
    "unauthorized",
  ],
  ["Gemini", 404, google(404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta"), "next", "not-found"],
  ["Bedrock", 429, { message: "Too many tokens, please wait before trying again." }, "retry", "throttled"],
  ["Bedrock", 400, { message: "Input is too long for requested model." }, "final", "context-length"],
  ["Bedrock", 400, { message: "The provided model identifier is invalid." }, "next", "not-found"],
  [
    "Bedrock",
    400,
    { message: "Malformed input request: extraneous key [foo] is not permitted" },
    "final",
    "bad-request",
  ],
  ["Bedrock", 400, { message: "The request was blocked by the guardrail." }, "final", "content-filter"],
  [
    "Bedrock",
    403,
    { message: "You don't have access to the model with the specified model ID." },
    "next",
    "unauthorized",
  ],
  ["Bedrock", 424, { message: "The model returned an error.", originalStatusCode: 500 }, "retry", "unavailable"],
  [
    "vLLM",
    400,
    {
      object: "error",
      message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
      type: "BadRequestError",
      param: null,
      code: 400,
    },
    "final",
    "context-length",
  ],
  [
    "llama.cpp",
    400,
    {
      error: {
        code: 400,
        message: "the request exceeds the available context size",
        type: "exceed_context_size_error",
      },
    },
    "final",
    "context-length",
  ],
  ["Ollama", 500, { error: "the input length exceeds the context length" }, "final", "context-length"],
  ["Ollama", 404, { error: "model 'llama9' not found" }, "next", "not-found"],
  ["Ollama", 500, { error: "model requires more system memory" }, "retry", "unavailable"],
  [
    "Mistral",
    400,
    {
      object: "error",
      message: "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      type: "invalid_request_prompt",
      param: null,
      code: "3051",
    },
    "final",
    "context-length",
  ],
  [
    "Mistral",
    400,
    { object: "error", message: "Invalid model: mistral-9", type: "invalid_model", param: null, code: "1500" },
    "next",
    "not-found",
  ],
  [
    "Mistral",
    422,
    {
      detail: [{ type: "missing", loc: ["body", "messages"], msg: "Field required", input: { prompt: "rate limit" } }],
    },
    "final",
    "bad-request",
  ],
  [
    "Cohere",
    400,
    { id: "c1", message: "too many tokens: size limit exceeded by 4000 tokens." },
    "final",
    "context-length",
  ],
  [
    "Cohere",
    429,
    { message: "You are using a Trial key, which is limited to 10 API calls / minute." },
    "retry",
    "throttled",
  ],
  [
    "Groq",
    413,
    openai(
      "rate_limit_exceeded",
      "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 10000. Need more tokens? Upgrade at https://console.groq.com/settings/billing",
      "tokens",
    ),
    "final",
    "context-length",
  ],
  [
    "Groq",
    429,
    openai(
      "rate_limit_exceeded",
      "Rate limit reached for model `x` on tokens per minute (TPM). Need more tokens? Upgrade at https://console.groq.com/settings/billing",
      "tokens",
    ),
    "retry",
    "throttled",
  ],
  ["Groq", 498, openai(null, "Flex tier capacity exceeded"), "retry", "throttled"],
  [
    "Groq",
    400,
    openai("model_decommissioned", "The model `x` has been decommissioned and is no longer supported."),
    "next",
    "not-found",
  ],
  [
    "xAI",
    400,
    { code: "Client specified an invalid argument", error: "Incorrect API key provided: xa***." },
    "next",
    "unauthorized",
  ],
  [
    "xAI",
    400,
    { error: "This model's maximum prompt length is 131072 but the request contains 140000 tokens." },
    "final",
    "context-length",
  ],
  [
    "xAI",
    403,
    {
      code: "The caller does not have permission",
      error: "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_CSAM",
    },
    "final",
    "content-filter",
  ],
  ["DeepSeek", 402, openai(null, "Insufficient Balance", "unknown_error"), "next", "no-credit"],
  ["DeepSeek", 400, openai("invalid_request_error", "Content Exists Risk"), "final", "content-filter"],
  ["DeepSeek", 400, openai("invalid_request_error", "Model Not Exist"), "next", "not-found"],
  [
    "OpenRouter",
    402,
    { error: { code: 402, message: "Insufficient credits. Add more using https://openrouter.ai/credits" } },
    "next",
    "no-credit",
  ],
  [
    "OpenRouter",
    403,
    {
      error: {
        code: 403,
        message: "Your chosen model requires moderation and your input was flagged",
        metadata: { reasons: ["violence"] },
      },
    },
    "final",
    "content-filter",
  ],
  ["OpenRouter", 400, { error: { code: 400, message: "openai/gpt-9 is not a valid model ID" } }, "next", "not-found"],
  [
    "TGI",
    422,
    { error: "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096", error_type: "validation" },
    "final",
    "context-length",
  ],
  [
    "Workers AI",
    429,
    {
      success: false,
      errors: [{ code: 3036, message: "You have used up your daily free allocation of 10,000 neurons" }],
    },
    "next",
    "no-credit",
  ],
  [
    "Workers AI",
    429,
    { success: false, errors: [{ code: 3040, message: "Capacity temporarily exceeded, please try again." }] },
    "retry",
    "throttled",
  ],
  [
    "Workers AI",
    400,
    { success: false, errors: [{ code: 5007, message: "No such model @cf/x" }] },
    "next",
    "not-found",
  ],
  [
    "Workers AI",
    413,
    {
      success: false,
      errors: [{
        code: 5021,
        message: "The estimated number of input and maximum output tokens exceeded this model context window limit",
      }],
    },
    "final",
    "context-length",
  ],
  [
    "ElevenLabs",
    401,
    { detail: { status: "quota_exceeded", message: "This request exceeds your quota." } },
    "next",
    "no-credit",
  ],
  [
    "fal",
    422,
    { detail: [{ type: "content_policy_violation", msg: "The content could not be processed." }] },
    "final",
    "content-filter",
  ],
  ["a proxy", 502, undefined, "retry", "unavailable"],
  ["a proxy", 503, "<html>", "retry", "unavailable"],
  ["a proxy", 529, undefined, "retry", "overloaded"],
  ["a proxy", 425, undefined, "retry", "unavailable"],
  ["a proxy", 405, null, "final", "bad-request"],
  ["a proxy", 415, {}, "final", "bad-request"],
  ["a proxy", 410, [], "next", "not-found"],
  ["a proxy", 302, undefined, "next", "unknown"],
];

const NONE = new Headers();

for (const [who, status, body, course, reason] of ROWS) {
  const shown = (JSON.stringify(body) ?? "nothing").slice(0, 90);
  test(`${who}'s ${status} is for "${course}" as "${reason}": ${shown}`, () => {
    for (const indent of [0, 2]) {
      const { course: asks, reason: says } = verdictOf(status, NONE, JSON.stringify(body, null, indent) ?? "", NOW);
      assert.deepEqual([asks, says], [course, reason]);
    }
  });
}

test("Amazon names the error in a header", () => {
  const of = (status: number, type: string) =>
    verdictOf(status, new Headers({ "x-amzn-errortype": type }), '{"message":"Sorry"}', NOW);
  assert.equal(of(400, "ThrottlingException:http://internal.amazon.com/").reason, "throttled");
  assert.equal(of(400, "ValidationException").course, "final");
});

test("a provider that says whether to try again is believed", () => {
  const of = (status: number, said: string) =>
    verdictOf(status, new Headers({ "x-should-retry": said }), "{}", NOW).course;
  assert.deepEqual([of(500, "false"), of(500, "true"), of(400, "true"), of(400, "false")], [
    "next",
    "retry",
    "retry",
    "final",
  ]);
});

/** Headers or a body, and the wait in them. */
const WAITS: readonly (readonly [Record<string, string>, number | undefined, status?: number, body?: unknown])[] = [
  [{}, undefined],
  [{ "retry-after": "2" }, 2000],
  [{ "retry-after": " 0.5 " }, 500],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "Mon, 23 Nov 2026 12:00:30 GMT" }, 30_000],
  [{ "retry-after": "Mon, 23 Nov 2026 11:00:00 GMT" }, 0],
  [{ "retry-after-ms": "120", "retry-after": "2" }, 120],
  [{ "x-ms-retry-after-ms": "340.5", "retry-after": "2" }, 340.5],
  [{ "retry-after-ms": "soon", "retry-after": "2" }, 2000],
  [{ "retry-after": "-5" }, undefined],
  [{ "retry-after": "NaN" }, undefined],
  [{ "retry-after": "" }, undefined],
  [{ "retry-after": "1.2.3" }, undefined],
  [{ "retry-after": "soon: never" }, undefined],
  [{ "retry-after": "Infinity" }, undefined],
  [{ "retry-after": "172800" }, 86_400_000],
  [{ "retry-after": "1" }, 1000, 503],
  [{}, 12_000, 429, google(429, "RESOURCE_EXHAUSTED", "Slow down", [retryIn("12s")])],
  [{}, 36_500, 503, google(503, "UNAVAILABLE", "Slow down", [retryIn("36.5s")])],
  [{}, undefined, 429, google(429, "RESOURCE_EXHAUSTED", "Slow down", [retryIn("never")])],
  [{ "x-ratelimit-reset-requests": "1s" }, 1000],
  [{ "x-ratelimit-reset-requests": "1s" }, undefined, 503],
  [{ "x-ratelimit-reset-tokens": "6m0s" }, 360_000],
  [{ "x-ratelimit-reset-tokens": "1h2m3.5s" }, 3_723_500],
  [{ "x-ratelimit-reset-requests": "12ms", "x-ratelimit-remaining-requests": "0" }, 12],
  [{ "x-ratelimit-reset-requests": "12ms", "x-ratelimit-remaining-requests": "9" }, undefined],
  [{
    "x-ratelimit-reset-requests": "8h",
    "x-ratelimit-remaining-requests": "99",
    "x-ratelimit-reset-tokens": "7.66s",
    "x-ratelimit-remaining-tokens": "0",
  }, 7660],
  [{ "anthropic-ratelimit-requests-reset": "2026-11-23T12:00:10Z" }, 10_000],
  [{
    "anthropic-ratelimit-requests-reset": "2026-11-23T12:00:10Z",
    "anthropic-ratelimit-requests-remaining": "12",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-23T12:01:00Z",
    "anthropic-ratelimit-input-tokens-remaining": "0",
  }, 60_000],
  [{ "x-ratelimit-reset": String(NOW + 5000), "x-ratelimit-remaining": "0" }, 5000],
  [{ "x-ratelimit-reset-requests": "1s", "retry-after": "20" }, 20_000],
  [{ "x-ratelimit-reset-requests": "whenever" }, undefined],
];

for (const [headers, wait, status = 429, body] of WAITS) {
  test(`${JSON.stringify(headers)} at ${status} says to wait ${wait} ms`, () => {
    const { retryAfterMs } = verdictOf(status, new Headers(headers), JSON.stringify(body) ?? "", NOW);
    assert.equal(retryAfterMs === undefined ? undefined : Math.round(retryAfterMs * 10) / 10, wait);
  });
}

test("what can't be an answer gets a verdict all the same", () => {
  for (
    const body of ["x".repeat(1e6), "model".repeat(1e5), "[".repeat(1e5), "\ud800", "plan and billing ".repeat(1e4)]
  ) {
    for (const status of [0, 99, 400, 403, 429, 500, 1000, Number.NaN]) {
      assert.ok(verdictOf(status, NONE, body, Number.NaN).reason);
    }
  }
});

test("an error in an answer of 200 is found, restated, and told as the format tells errors", () => {
  const fault = (wire: keyof typeof WIRES, document: unknown) => {
    const found = faultIn(WIRES[wire], document);
    return found && [found.status, JSON.parse(found.body)];
  };
  const busy = { message: "Provider returned error", code: 502, metadata: { provider_name: "x" } };
  assert.deepEqual(fault("openai-chat", { error: busy, user_id: "u" }), [502, { error: busy }]);
  assert.deepEqual(fault("openai-chat", { id: "x", choices: [{ error: busy, finish_reason: "error" }] }), [502, {
    error: busy,
  }]);
  const failed = { code: "rate_limit_exceeded", message: "Slow down" };
  assert.deepEqual(fault("openai-responses", { object: "response", status: "failed", error: failed }), [429, {
    error: failed,
  }]);
  assert.deepEqual(fault("gemini", [google(503, "UNAVAILABLE", "Busy")]), [503, google(503, "UNAVAILABLE", "Busy")]);
  assert.deepEqual(fault("anthropic-messages", { type: "error", error: { type: "overloaded_error", message: "x" } }), [
    529,
    { type: "error", error: { type: "overloaded_error", message: "x" } },
  ]);
  assert.deepEqual(fault("ollama", { error: "the runner has stopped" }), [500, { error: "the runner has stopped" }]);
  const context = openai("context_length_exceeded", "maximum context length");
  assert.deepEqual(fault("openai-chat", context), [400, context]);
});

test("an answer is no error, be it blocked, filtered or about errors", () => {
  const answers: readonly (readonly [keyof typeof WIRES, unknown])[] = [
    ["openai-chat", {
      choices: [{ message: { content: '{"error":{"message":"x"}}' }, finish_reason: "content_filter" }],
    }],
    ["openai-chat", { error: null, choices: [] }],
    ["openai-chat", { error: {}, choices: [] }],
    ["openai-responses", { object: "response", status: "incomplete", error: null, output: [{ type: "message" }] }],
    ["gemini", { promptFeedback: { blockReason: "SAFETY" } }],
    ["gemini", { candidates: [{ finishReason: "SAFETY" }] }],
    ["anthropic-messages", { type: "message", stop_reason: "refusal", content: [{ type: "tool_result_error" }] }],
    ["workers-ai", { success: true, errors: [], result: { response: "Hi" } }],
    ["cohere", { finish_reason: "COMPLETE", message: { content: [] } }],
    ["openai-chat", undefined],
    ["openai-chat", "error"],
    ["openai-chat", []],
  ];
  for (const [wire, answer] of answers) assert.equal(faultIn(WIRES[wire], answer), undefined, JSON.stringify(answer));
});
