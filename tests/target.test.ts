import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type ErrorCode, GatewayError } from "../src/errors.ts";
import type { Provider } from "../src/providers/provider.ts";
import { findProvider, ROWS, withOrigin } from "../src/providers/table.ts";
import { resolveTarget } from "../src/providers/target.ts";
import { parseRoute } from "../src/routing/route.ts";

/** Any UTF-16 code unit, half of them ASCII. */
const CODE_UNIT = fc.oneof(fc.nat(127), fc.nat(0xffff)).map((code) => String.fromCharCode(code));

const CLOUDFLARE = "https://api.cloudflare.com/client/v4/accounts/acc/ai";
const VERTEX = "v1/projects/p/locations";
const GOOGLE = "https://generativelanguage.googleapis.com";

/** By slug: a path below the provider, and where it goes. */
const MAPPINGS: Readonly<Record<string, readonly (readonly [path: string, upstream: string])[]>> = {
  openai: [
    ["chat/completions", "https://api.openai.com/v1/chat/completions"],
    ["v1/chat/completions", "https://api.openai.com/v1/chat/completions"],
    ["v1/v1/responses", "https://api.openai.com/v1/responses"],
    ["v1", "https://api.openai.com/v1/"],
    ["embeddings", "https://api.openai.com/v1/embeddings"],
    ["realtime?model=gpt-realtime", "https://api.openai.com/v1/realtime?model=gpt-realtime"],
    ["models/ft:gpt-4o:acme::x", "https://api.openai.com/v1/models/ft:gpt-4o:acme::x"],
    ["v1beta/x", "https://api.openai.com/v1/v1beta/x"],
  ],
  anthropic: [
    ["v1/messages?beta=true", "https://api.anthropic.com/v1/messages?beta=true"],
    ["messages", "https://api.anthropic.com/v1/messages"],
    ["v1/messages/count_tokens", "https://api.anthropic.com/v1/messages/count_tokens"],
  ],
  "google-ai-studio": [
    ["v1beta/models/m:generateContent", `${GOOGLE}/v1beta/models/m:generateContent`],
    ["models/m:streamGenerateContent?alt=sse", `${GOOGLE}/v1beta/models/m:streamGenerateContent?alt=sse`],
    ["v1/models/m:generateContent", `${GOOGLE}/v1/models/m:generateContent`],
    ["v1/v1beta/models", `${GOOGLE}/v1beta/models`],
    ["v1alpha/auth_tokens", `${GOOGLE}/v1alpha/auth_tokens`],
    ["upload/v1beta/files", `${GOOGLE}/upload/v1beta/files`],
    ["openai/chat/completions", `${GOOGLE}/v1beta/openai/chat/completions`],
    [
      "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
      `${GOOGLE}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent`,
    ],
  ],
  "google-vertex-ai": [
    [
      `${VERTEX}/us-central1/publishers/google/models/m:generateContent`,
      `https://us-central1-aiplatform.googleapis.com/${VERTEX}/us-central1/publishers/google/models/m:generateContent`,
    ],
    [
      `${VERTEX}/global/endpoints/openapi/chat/completions`,
      `https://aiplatform.googleapis.com/${VERTEX}/global/endpoints/openapi/chat/completions`,
    ],
    [
      `${VERTEX}/eu/publishers/google/models/m:generateContent`,
      `https://aiplatform.eu.rep.googleapis.com/${VERTEX}/eu/publishers/google/models/m:generateContent`,
    ],
    [`${VERTEX}/us/x`, `https://aiplatform.us.rep.googleapis.com/${VERTEX}/us/x`],
    ["projects/p/locations/europe-west4/x", `https://europe-west4-aiplatform.googleapis.com/${VERTEX}/europe-west4/x`],
    [
      "v1beta1/projects/p/locations/global/x",
      "https://aiplatform.googleapis.com/v1beta1/projects/p/locations/global/x",
    ],
    [
      "v1/publishers/google/models/m:generateContent",
      "https://aiplatform.googleapis.com/v1/publishers/google/models/m:generateContent",
    ],
    [
      "publishers/google/models/m:generateContent",
      "https://aiplatform.googleapis.com/v1/publishers/google/models/m:generateContent",
    ],
    [
      "ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent",
      "https://aiplatform.googleapis.com/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent",
    ],
  ],
  "azure-openai": [
    [
      "res/dep/chat/completions?api-version=V",
      "https://res.openai.azure.com/openai/deployments/dep/chat/completions?api-version=V",
    ],
    ["Res/gpt-4.1_x/embeddings", "https://res.openai.azure.com/openai/deployments/gpt-4.1_x/embeddings"],
    ["res/v1/responses", "https://res.openai.azure.com/openai/v1/responses"],
    [
      "res/openai/deployments/dep/chat/completions",
      "https://res.openai.azure.com/openai/deployments/dep/chat/completions",
    ],
  ],
  "aws-bedrock": [
    ["bedrock-runtime/us-east-1/model/M/converse", "https://bedrock-runtime.us-east-1.amazonaws.com/model/M/converse"],
    [
      "bedrock-runtime/eu-west-1/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x-v1%3A0/invoke",
      "https://bedrock-runtime.eu-west-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x-v1%3A0/invoke",
    ],
    [
      "bedrock-mantle/us-east-1/anthropic/v1/messages",
      "https://bedrock-mantle.us-east-1.api.aws/anthropic/v1/messages",
    ],
  ],
  "workers-ai": [
    ["@cf/meta/m", `${CLOUDFLARE}/run/@cf/meta/m`],
    ["run/@cf/meta/m", `${CLOUDFLARE}/run/@cf/meta/m`],
    ["@hf/x/m", `${CLOUDFLARE}/run/@hf/x/m`],
    ["v1/chat/completions", `${CLOUDFLARE}/v1/chat/completions`],
    ["chat/completions", `${CLOUDFLARE}/v1/chat/completions`],
    ["models/search?task=x", `${CLOUDFLARE}/models/search?task=x`],
  ],
  groq: [
    ["chat/completions", "https://api.groq.com/openai/v1/chat/completions"],
    ["openai/v1/chat/completions", "https://api.groq.com/openai/v1/chat/completions"],
    ["v1/models", "https://api.groq.com/openai/v1/models"],
    ["openai/v1", "https://api.groq.com/openai/v1/"],
  ],
  grok: [["v1/chat/completions", "https://api.x.ai/v1/chat/completions"], [
    "chat/completions",
    "https://api.x.ai/v1/chat/completions",
  ]],
  mistral: [["v1/chat/completions", "https://api.mistral.ai/v1/chat/completions"], [
    "fim/completions",
    "https://api.mistral.ai/v1/fim/completions",
  ]],
  deepseek: [
    ["chat/completions", "https://api.deepseek.com/chat/completions"],
    ["v1/chat/completions", "https://api.deepseek.com/chat/completions"],
    ["anthropic/v1/messages", "https://api.deepseek.com/anthropic/v1/messages"],
  ],
  "perplexity-ai": [
    ["chat/completions", "https://api.perplexity.ai/chat/completions"],
    ["v1/chat/completions", "https://api.perplexity.ai/chat/completions"],
    ["search", "https://api.perplexity.ai/search"],
  ],
  cerebras: [["v1/chat/completions", "https://api.cerebras.ai/v1/chat/completions"], [
    "models",
    "https://api.cerebras.ai/v1/models",
  ]],
  cohere: [
    ["v2/chat", "https://api.cohere.com/v2/chat"],
    ["chat", "https://api.cohere.com/v2/chat"],
    ["v1/models", "https://api.cohere.com/v1/models"],
    ["v1/tokenize", "https://api.cohere.com/v1/tokenize"],
    ["v1/chat/completions", "https://api.cohere.com/compatibility/v1/chat/completions"],
    ["compatibility/v1/embeddings", "https://api.cohere.com/compatibility/v1/embeddings"],
  ],
  openrouter: [
    ["chat/completions", "https://openrouter.ai/api/v1/chat/completions"],
    ["v1/chat/completions", "https://openrouter.ai/api/v1/chat/completions"],
    ["api/v1/models/openai/gpt-4o/endpoints", "https://openrouter.ai/api/v1/models/openai/gpt-4o/endpoints"],
  ],
  fireworks: [
    ["chat/completions", "https://api.fireworks.ai/inference/v1/chat/completions"],
    ["inference/v1/embeddings", "https://api.fireworks.ai/inference/v1/embeddings"],
  ],
  together: [["v1/chat/completions", "https://api.together.ai/v1/chat/completions"], [
    "models",
    "https://api.together.ai/v1/models",
  ]],
  parallel: [
    ["v1/tasks/runs", "https://api.parallel.ai/v1/tasks/runs"],
    ["chat/completions", "https://api.parallel.ai/v1beta/chat/completions"],
  ],
  huggingface: [
    ["v1/chat/completions", "https://router.huggingface.co/v1/chat/completions"],
    ["chat/completions", "https://router.huggingface.co/v1/chat/completions"],
    ["bigcode/starcoder", "https://router.huggingface.co/hf-inference/models/bigcode/starcoder"],
    ["models/bigcode/starcoder", "https://router.huggingface.co/hf-inference/models/bigcode/starcoder"],
    [
      "a/b/pipeline/feature-extraction",
      "https://router.huggingface.co/hf-inference/models/a/b/pipeline/feature-extraction",
    ],
    ["fal-ai/fal-ai/flux/dev", "https://router.huggingface.co/fal-ai/fal-ai/flux/dev"],
  ],
  replicate: [
    ["v1/predictions", "https://api.replicate.com/v1/predictions"],
    ["predictions/abc", "https://api.replicate.com/v1/predictions/abc"],
  ],
  fal: [["fal-ai/flux/dev", "https://fal.run/fal-ai/flux/dev"]],
  ideogram: [["v1/ideogram-v3/generate", "https://api.ideogram.ai/v1/ideogram-v3/generate"]],
  cartesia: [["tts/bytes", "https://api.cartesia.ai/tts/bytes"]],
  deepgram: [
    ["v1/listen?model=nova-3", "https://api.deepgram.com/v1/listen?model=nova-3"],
    ["listen", "https://api.deepgram.com/v1/listen"],
    ["v2/listen", "https://api.deepgram.com/v2/listen"],
    ["v1/agent/converse", "https://agent.deepgram.com/v1/agent/converse"],
  ],
  elevenlabs: [
    ["v1/text-to-speech/v/stream", "https://api.elevenlabs.io/v1/text-to-speech/v/stream"],
    ["text-to-speech/v", "https://api.elevenlabs.io/v1/text-to-speech/v"],
    ["v2/voices", "https://api.elevenlabs.io/v2/voices"],
  ],
  "azure-voice-live": [
    ["res/voice-live/realtime?model=m", "https://res.services.ai.azure.com/voice-live/realtime?model=m"],
    ["res/realtime", "https://res.services.ai.azure.com/voice-live/realtime"],
  ],
  baseten: [
    ["v1/chat/completions", "https://inference.baseten.co/v1/chat/completions"],
    ["chat/completions", "https://inference.baseten.co/v1/chat/completions"],
    ["model/abc123", "https://model-abc123.api.baseten.co/production/predict"],
    ["model/abc123/environments/staging/predict", "https://model-abc123.api.baseten.co/environments/staging/predict"],
  ],
  ollama: [
    ["api/chat", "http://127.0.0.1:11434/api/chat"],
    ["v1/chat/completions", "http://127.0.0.1:11434/v1/chat/completions"],
    ["chat/completions", "http://127.0.0.1:11434/v1/chat/completions"],
  ],
  vllm: [
    ["chat/completions", "http://127.0.0.1:8000/v1/chat/completions"],
    ["v1/v1/messages", "http://127.0.0.1:8000/v1/messages"],
    ["tokenize", "http://127.0.0.1:8000/tokenize"],
    ["v2/rerank", "http://127.0.0.1:8000/v2/rerank"],
  ],
};

function row(slug: string): Provider {
  const found = findProvider(slug);
  assert.ok(found, slug);
  return found;
}

function resolved(provider: Provider, asked: string, account = "acc", headers?: Headers): string {
  const cut = asked.indexOf("?");
  const [path, search] = cut < 0 ? [asked, ""] : [asked.slice(0, cut), asked.slice(cut)];
  return resolveTarget(provider, { path, search, account, headers }).href;
}

function refusal(ask: () => unknown): ErrorCode | undefined {
  try {
    ask();
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    return error.code;
  }
  return undefined;
}

describe("a path below a provider", () => {
  test("is tried for every row of the table", () => {
    assert.deepEqual(Object.keys(MAPPINGS).sort(), ROWS.map(({ id }) => id).sort());
  });

  for (const [slug, mappings] of Object.entries(MAPPINGS)) {
    test(`of ${slug} becomes its upstream URL`, () => {
      for (const [asked, upstream] of mappings) assert.equal(resolved(row(slug), asked), upstream, asked);
    });
  }

  test("that no rule fits is unknown, and the error tells the forms", () => {
    assert.throws(() => resolved(row("aws-bedrock"), "model/M/converse"), {
      code: "unknown_path",
      message: /bedrock-runtime\/\{region\}/,
    });
    assert.throws(() => resolved(row("azure-openai"), "res"), { code: "unknown_path" });
    assert.throws(() => resolved(row("google-vertex-ai"), "models/m:generateContent"), { code: "unknown_path" });
  });

  test("keeps its query byte for byte", () => {
    const search = "?a=%2F..%2e&b=a+b%20c&c=[]|^&=&&d=https://evil.example/@x";
    assert.equal(resolveTarget(row("openai"), { path: "files", search, account: "a" }).search, search);
  });

  test("keeps its bytes, whatever of the allowed ones they are", () => {
    const piece = fc.constantFrom(
      ..."abzAZ019-._~!$&'()*+,;=:@",
      "%20",
      "%3A",
      "%40",
      "%C3%A9",
      "%f0%9f%98%80",
      "%7E",
      "%25",
    );
    const segment = fc.string({ unit: piece, minLength: 1, maxLength: 12 }).filter((text) =>
      !/^\.{1,2}(;|$)/.test(text)
    );
    const hidden = /%(?:25)+(?:[01][\da-f]|7f|5c|2e|2f)/i;
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        const path = segments.join("/");
        fc.pre(!hidden.test(path));
        assert.equal(resolved(row("fal"), path), `https://fal.run/${path}`);
        assert.equal(resolved(row("anthropic"), `x/${path}`), `https://api.anthropic.com/v1/x/${path}`);
      }),
      { numRuns: 300 },
    );
  });
});

/** From a whole gateway path to the upstream URL, as a server would see it. */
function through(pathname: string, known: readonly Provider[] = ROWS): string {
  const all = new Map(
    known.flatMap((provider) => [provider.id, ...(provider.aliases ?? [])].map((slug) => [slug, provider])),
  );
  const url = new URL(`http://gateway.example${pathname}`);
  const route = parseRoute("POST", url.pathname, (slug) => all.has(slug));
  assert.equal(route.kind, "native", pathname);
  if (route.kind !== "native") return "";
  return resolveTarget(all.get(route.provider)!, { path: route.path, search: url.search, account: route.account }).href;
}

test("Cloudflare's URLs reach the providers that they name", () => {
  const checks: readonly (readonly [string, string])[] = [
    ["openai/chat/completions", "https://api.openai.com/v1/chat/completions"],
    ["openai/v1/chat/completions", "https://api.openai.com/v1/chat/completions"],
    ["openai/responses", "https://api.openai.com/v1/responses"],
    ["openai/embeddings", "https://api.openai.com/v1/embeddings"],
    ["anthropic/v1/messages", "https://api.anthropic.com/v1/messages"],
    ["anthropic/messages", "https://api.anthropic.com/v1/messages"],
    [
      "google-ai-studio/v1beta/models/m:streamGenerateContent?alt=sse",
      `${GOOGLE}/v1beta/models/m:streamGenerateContent?alt=sse`,
    ],
    [
      "azure-openai/res/dep/chat/completions?api-version=V",
      "https://res.openai.azure.com/openai/deployments/dep/chat/completions?api-version=V",
    ],
    [
      "aws-bedrock/bedrock-runtime/us-east-1/model/M/converse",
      "https://bedrock-runtime.us-east-1.amazonaws.com/model/M/converse",
    ],
    [
      "google-vertex-ai/v1/projects/p/locations/us-central1/publishers/google/models/m:generateContent",
      "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/models/m:generateContent",
    ],
    ["groq/chat/completions", "https://api.groq.com/openai/v1/chat/completions"],
    ["grok/v1/chat/completions", "https://api.x.ai/v1/chat/completions"],
    ["openrouter/chat/completions", "https://openrouter.ai/api/v1/chat/completions"],
    ["openrouter/v1/chat/completions", "https://openrouter.ai/api/v1/chat/completions"],
    ["workers-ai/@cf/m", `${CLOUDFLARE}/run/@cf/m`],
    ["workers-ai/run/@cf/m", `${CLOUDFLARE}/run/@cf/m`],
    ["workers-ai/v1/chat/completions", `${CLOUDFLARE}/v1/chat/completions`],
  ];
  for (const [below, upstream] of checks) assert.equal(through(`/v1/acc/gw/${below}`), upstream, below);
});

describe("a target URL in a header", () => {
  const ask = (target: string, provider = row("fal")) =>
    resolved(provider, "", "acc", new Headers({ "x-fal-target-url": target }));

  test("takes the place of the path if it is one of fal's hosts", () => {
    assert.equal(ask("https://queue.fal.run/x"), "https://queue.fal.run/x");
    assert.equal(
      ask("https://rest.fal.ai/storage/upload/initiate?storage_type=gcs#x"),
      "https://rest.fal.ai/storage/upload/initiate?storage_type=gcs",
    );
  });

  test("is refused if it is anything else", () => {
    const foreign = [
      "https://evil.example/",
      "http://fal.run/",
      "https://fal.run:8443/",
      "https://fal.run.evil.example/",
      "https://evil.fal.run/",
      "https://x.gateway.fal.ai/",
      "https://fal.run@evil.example/",
      "https://user:pass@fal.run/",
      "https://evil.example\\@fal.run/",
      "https://fal.run./",
      "//fal.run/",
      "fal.run/x",
      "",
      "file:///etc/passwd",
      "https://127.0.0.1/",
      "https://evil.example/?https://fal.run/",
      "javascript:fal.run",
    ];
    for (const target of foreign) assert.equal(refusal(() => ask(target)), "forbidden_target", target);
    assert.equal(refusal(() => ask("https://fal.run/a%2f..%2fb")), "invalid_path");
  });

  test("means nothing to other providers", () => {
    assert.equal(ask("https://evil.example/x", row("openai")), "https://api.openai.com/v1/");
  });

  test("goes to the configured origin where fal was moved", () => {
    const moved = withOrigin(row("fal"), "http://127.0.0.1:9000/proxy");
    assert.equal(ask("https://queue.fal.run/x?y=1", moved), "http://127.0.0.1:9000/proxy/x?y=1");
    assert.equal(refusal(() => ask("http://127.0.0.1:9000/x", moved)), "forbidden_target");
  });
});

/** Never sent, by whatever provider. */
const REFUSED: readonly string[] = [
  "//evil.example/x",
  "/evil.example",
  "///evil.example",
  "\\\\evil.example",
  "/\\evil.example",
  "\\evil.example/x",
  "%5cevil.example",
  "x%5C..%5Cy",
  "x%255c..%255cy",
  "..",
  "../x",
  "../../../etc/passwd",
  "x/..",
  "x/../y",
  "x/./y",
  ".",
  "./x",
  "%2e%2e/x",
  "%2E%2E/x",
  ".%2e/x",
  "%2e./x",
  "x/%2e%2e/y",
  "x/%2e/y",
  "x/..;/y",
  "x/..%3b/y",
  "..;x/y",
  "%252e%252e/x",
  "%25252e%25252e/x",
  "x/%25%32%65%25%32%65/y",
  "x/..%2fy",
  "x%2f..%2fy",
  "x%2F%2e%2e%2Fy",
  "..%2f..%2fx",
  "..%252f..%252fx",
  "x%252fy",
  "..%5c..%5cx",
  "%c0%ae%c0%ae/x",
  "%c0%afevil",
  "x%c1%9cy",
  "%e0%80%ae%e0%80%ae/x",
  "%f0%80%80%ae/x",
  "%u002e%u002e/x",
  "%%32%65",
  "100%",
  "%",
  "%g0",
  "x%00y",
  "x%0d%0aHost: evil.example",
  "x%0Ay",
  "x%09y",
  "x%7fy",
  "x%2500y",
  "x\r\nHost: evil.example",
  "x\ny",
  "x\ty",
  "x\u0000y",
  "x y",
  " x",
  "x ",
  "x#y",
  "#@evil.example/",
  "x?y",
  "?@evil.example",
  "a//b",
  "a///b",
  "x//@evil.example",
  "https://evil.example/x",
  "http:\\\\evil.example",
  "chat%2dcompletions",
  "ch%61t/completions",
  "%63hat/completions",
  "chat/completion%73",
  "chat/c%6Fmpletions",
  "count%5ftokens",
  "v%31/chat",
];

/** Strange, and harmless: they stay below the provider, or are refused. */
const INERT: readonly string[] = [
  "@evil.example",
  "x@evil.example/y",
  ":443@evil.example",
  "user:pass@evil.example",
  "evil.example:80",
  "javascript:alert(1)",
  "https:evil.example",
  "...",
  "..../x",
  "..x/y",
  "x..",
  ";/evil.example",
  "x;y=1/z",
  "%40evil.example",
  "%3A%3A",
  "%23fragment",
  "%3Fquery",
  "%20",
  "\uff0f\uff0fevil.example",
  "\u2025/x",
  "\u3002\u3002/x",
  "\ud800",
  "\u202eevil",
  "[::1]",
  "{resource}",
  "{rest}",
  "$1$&",
  "__proto__/constructor",
  "%E2%80%AE",
  "~root",
  "*",
  "x".repeat(8000),
];

/** Where each provider may ever go. */
const HOME: Readonly<Record<string, RegExp>> = {
  openai: /^https:\/\/api\.openai\.com\/v1\//,
  anthropic: /^https:\/\/api\.anthropic\.com\/v1\//,
  groq: /^https:\/\/api\.groq\.com\/openai\/v1\//,
  fal: /^https:\/\/fal\.run\//,
  "google-ai-studio": /^https:\/\/generativelanguage\.googleapis\.com\//,
  "google-vertex-ai": /^https:\/\/(?:[a-z0-9-]+-)?aiplatform(?:\.eu\.rep|\.us\.rep)?\.googleapis\.com\//,
  "azure-openai": /^https:\/\/[a-z0-9-]+\.openai\.azure\.com\/openai\//,
  "aws-bedrock": /^https:\/\/bedrock-(?:runtime\.[a-z0-9-]+\.amazonaws\.com|mantle\.[a-z0-9-]+\.api\.aws)\//,
  "workers-ai": /^https:\/\/api\.cloudflare\.com\/client\/v4\/accounts\/acc\/ai\//,
  baseten: /^https:\/\/(?:inference\.baseten\.co\/v1|model-[a-z0-9-]+\.api\.baseten\.co)\//,
  huggingface: /^https:\/\/router\.huggingface\.co\//,
  vllm: /^http:\/\/127\.0\.0\.1:8000\//,
};

/** Where `{rest}` begins, and paths with a value of their own at `*`. */
const SLOTS: Readonly<Record<string, { readonly rest: readonly string[]; readonly value?: readonly string[] }>> = {
  openai: { rest: ["", "v1/", "files/"] },
  anthropic: { rest: ["", "v1/"] },
  groq: { rest: ["", "openai/v1/"] },
  fal: { rest: ["", "x/"] },
  "google-ai-studio": { rest: ["", "v1beta/", "ws/", "upload/"] },
  "google-vertex-ai": {
    rest: ["v1/projects/p/locations/us-central1/", "publishers/"],
    value: ["v1/projects/*/locations/us-central1/x", "v1/projects/p/locations/*/x", "*/projects/p/locations/global/x"],
  },
  "azure-openai": { rest: ["res/dep/", "res/v1/"], value: ["*/dep/chat", "res/*/chat"] },
  "aws-bedrock": {
    rest: ["bedrock-runtime/us-east-1/", "bedrock-mantle/us-east-1/"],
    value: ["bedrock-runtime/*/model/x/converse"],
  },
  "workers-ai": { rest: ["", "@cf/", "run/"] },
  baseten: { rest: ["", "model/abc/"], value: ["model/*", "model/*/predict"] },
  huggingface: { rest: ["", "a/b/c/"], value: ["*/model", "owner/*"] },
  vllm: { rest: ["", "v1/chat/"] },
};

/** Every path that a payload makes with a provider. */
function pathsWith(slug: string, payload: string): readonly string[] {
  const { rest, value = [] } = SLOTS[slug]!;
  return [...rest.map((prefix) => prefix + payload), ...value.map((path) => path.replace("*", () => payload))];
}

function assertHome(slug: string, asked: string, href: string): void {
  assert.match(href, HOME[slug]!, `${slug} ${asked}`);
  const url = new URL(href);
  assert.equal(url.username + url.password + url.hash, "", `${slug} ${asked}`);
  assert.doesNotMatch(url.pathname, /(?:^|\/)\.{1,2}(?:\/|$)|\/\/|\\/, `${slug} ${asked}`);
}

describe("nothing leaves the provider", () => {
  test("of what may never be sent", () => {
    assert.ok(REFUSED.length >= 60);
    for (const [slug, { rest }] of Object.entries(SLOTS)) {
      for (const path of rest.flatMap((prefix) => REFUSED.map((payload) => prefix + payload))) {
        const code = refusal(() => resolveTarget(row(slug), { path, search: "", account: "acc" }));
        assert.equal(code, "invalid_path", `${slug} ${JSON.stringify(path)}`);
      }
    }
  });

  test("of what is only strange", () => {
    for (const slug of Object.keys(SLOTS)) {
      for (const path of [...INERT, ...REFUSED].flatMap((payload) => pathsWith(slug, payload))) {
        refusal(() => assertHome(slug, path, resolveTarget(row(slug), { path, search: "", account: "acc" }).href));
      }
    }
  });

  test("of what a server's URL parser makes of it", () => {
    for (const slug of Object.keys(SLOTS)) {
      for (const payload of [...INERT, ...REFUSED]) {
        const url = new URL(`http://gateway.example/v1/acc/gw/${slug}/${payload}`);
        const route = parseRoute("POST", url.pathname, (known) => findProvider(known) !== undefined);
        if (route.kind !== "native") continue;
        const asked = { path: route.path, search: url.search, account: "acc" };
        const href = () => resolveTarget(row(route.provider), asked).href.split("?")[0]!;
        refusal(() => HOME[route.provider] !== undefined && assertHome(route.provider, payload, href()));
      }
    }
  });

  test("of random paths, queries and accounts", () => {
    const scrap = fc.constantFrom(
      ...REFUSED,
      ...INERT.slice(0, -1),
      "/",
      ".",
      "..",
      "%2f",
      "v1",
      "models",
      "@cf",
      "publishers",
      "a",
      "res",
    );
    const path = fc.oneof(
      fc.array(scrap, { maxLength: 6 }).map((parts) => parts.join("/")),
      fc.string({ unit: CODE_UNIT, maxLength: 40 }),
    );
    const search = fc.oneof(fc.constant(""), fc.string({ unit: CODE_UNIT, maxLength: 20 }).map((text) => `?${text}`));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(HOME)), path, search, (slug, path, search) => {
        refusal(() => {
          const { href } = resolveTarget(row(slug), { path, search, account: "acc" });
          assertHome(slug, path, href.split("?")[0]!);
        });
      }),
      { numRuns: 1000 },
    );
  });

  test("through a row whose target the URL parser reads otherwise", () => {
    const askew = (to: string): Provider => ({ ...row("openai"), rules: [{ match: "{rest}", to }] });
    for (const to of ["https://a.example/b/../{rest}", "https:///{rest}", "https://a.example\\\\b/{rest}"]) {
      assert.equal(refusal(() => resolved(askew(to), "evil.example/x")), "invalid_path", to);
    }
  });

  test("through an account", () => {
    const at = (account: string) =>
      refusal(() => resolveTarget(row("workers-ai"), { path: "@cf/m", search: "", account }));
    for (const account of ["", ".", "..", "a/b", "a%2fb", "a b", "a#b", "a?b", "a@b", "x".repeat(129), "default"]) {
      assert.equal(at(account), "invalid_parameter", account);
    }
    assert.equal(at("0123456789abcdef0123456789abcdef"), undefined);
  });

  test("through a host's parts", () => {
    const bad = ["-a", "a-", "a.b", "a_b", "a%2Eb", "x".repeat(64), "xn--\u00e9", "a:80", "a@b", "res\u3002evil"];
    for (const name of bad) {
      const code = refusal(() => resolved(row("azure-openai"), `${name}/dep/chat/completions`));
      assert.ok(code === "invalid_parameter" || code === "invalid_path", `${name} gave ${code}`);
    }
    assert.equal(refusal(() => resolved(row("azure-openai"), "v1/chat/completions")), "invalid_parameter");
    assert.equal(refusal(() => resolved(row("azure-openai"), "openai/deployments/d/x")), "invalid_parameter");
  });

  test("through a query", () => {
    for (const search of ["?a#b", "?a\r\nb", "?\u0000", "#x"]) {
      assert.equal(
        refusal(() => resolveTarget(row("openai"), { path: "x", search, account: "a" })),
        "invalid_path",
        search,
      );
    }
    assert.equal(
      resolveTarget(row("openai"), { path: "x", search: "a=1", account: "a" }).href,
      "https://api.openai.com/v1/x?a=1",
    );
  });

  test("and the errors repeat nothing of the path", () => {
    for (const path of ["..secret../../x", "x%00SECRET", "a_secret/dep/x"]) {
      assert.throws(() => resolved(row("azure-openai"), path), (error: Error) => !/secret/i.test(error.message));
    }
  });
});
