/**
 * Rows of the provider table: whose host or path holds a resource, a region, an account or a model, and servers of
 * one's own.
 *
 * @module
 */
import type { Provider } from "./provider.ts";
import {
  ALL_OF_OPENAI,
  ANTHROPIC,
  BEARER,
  CHAT_AND_MODELS,
  CONVERSE,
  GEMINI,
  INVOKE,
  keyIn,
  OLLAMA,
  OPENAI,
  openaiLike,
  type Wires,
  WORKERS,
} from "./shape.ts";

const azureOpenai: Provider = {
  id: "azure-openai",
  aliases: ["azure"],
  rules: [
    { match: "{resource}/v1/{rest}", to: "https://{resource}.openai.azure.com/openai/v1/{rest}" },
    { match: "{resource}/openai/{rest}", to: "https://{resource}.openai.azure.com/openai/{rest}" },
    {
      match: "{resource}/{deployment}/{rest}",
      to: "https://{resource}.openai.azure.com/openai/deployments/{deployment}/{rest}",
    },
  ],
  auth: keyIn("api-key"),
  wires: OPENAI,
  dialect: "openai",
  // Without a resource in front: for a configured origin.
  compat: { chat: "v1/chat/completions", embeddings: "v1/embeddings", models: "v1/models" },
  asksForUsage: true,
  env: "AZURE_OPENAI_API_KEY",
  priceId: "azure",
};

/** One rule for each kind of location: everywhere, a continent, a region. */
function vertexRules(match: string, version: string): Provider["rules"] {
  const host = (location: string, name: string) => ({
    match: `${match}projects/{project}/locations/${location}/{rest}`,
    to: `https://${name}/${version}/projects/{project}/locations/${location}/{rest}`,
  });
  return [
    host("global", "aiplatform.googleapis.com"),
    host("eu", "aiplatform.eu.rep.googleapis.com"),
    host("us", "aiplatform.us.rep.googleapis.com"),
    host("{region}", "{region}-aiplatform.googleapis.com"),
    { match: `${match}publishers/{rest}`, to: `https://aiplatform.googleapis.com/${version}/publishers/{rest}` },
  ];
}

/** Other vendors' models on Vertex speak their vendor's own format. */
const VERTEX: Wires = [
  ...GEMINI,
  [/publishers\/anthropic\/models\/(?!count-tokens)[^/]*(?::|%3a)(?:stream)?rawPredict\/?$/i, "anthropic-messages"],
  [/publishers\/mistralai\/models\/[^/]*(?::|%3a)(?:stream)?rawPredict\/?$/i, "openai-chat"],
  ...OPENAI,
];

const googleVertexAi: Provider = {
  id: "google-vertex-ai",
  aliases: ["vertex", "vertex-ai", "google-vertex"],
  rules: [
    { match: "ws/{rest}", to: "https://aiplatform.googleapis.com/ws/{rest}" },
    ...vertexRules("", "v1"),
    ...vertexRules("{version}/", "{version}"),
  ],
  auth: { kind: "google", header: "authorization", scheme: "Bearer", also: ["x-goog-api-key"] },
  wires: VERTEX,
  dialect: "gemini",
  env: "GOOGLE_APPLICATION_CREDENTIALS_JSON",
  priceId: "google",
};

const awsBedrock: Provider = {
  id: "aws-bedrock",
  aliases: ["bedrock", "amazon-bedrock"],
  rules: [
    { match: "bedrock-runtime/{region}/{rest}", to: "https://bedrock-runtime.{region}.amazonaws.com/{rest}" },
    { match: "bedrock-mantle/{region}/{rest}", to: "https://bedrock-mantle.{region}.api.aws/{rest}" },
  ],
  auth: {
    kind: "sigv4",
    header: "authorization",
    scheme: "Bearer",
    also: ["x-api-key", "x-amz-security-token"],
  },
  wires: [...CONVERSE, ...INVOKE, ...ANTHROPIC, ...OPENAI],
  dialect: "cloudflare",
  compat: { chat: "bedrock-runtime/us-east-1/openai/v1/chat/completions" },
  takesEncodedSlashes: true,
  env: "AWS_BEARER_TOKEN_BEDROCK",
  priceId: "aws",
};

const CLOUDFLARE = "https://api.cloudflare.com/client/v4/accounts/{account}/ai";

const workersAi: Provider = {
  id: "workers-ai",
  aliases: ["workersai", "cloudflare"],
  rules: [
    { match: "(run/)@cf/{rest}", to: `${CLOUDFLARE}/run/@cf/{rest}` },
    { match: "(run/)@hf/{rest}", to: `${CLOUDFLARE}/run/@hf/{rest}` },
    { match: "run/{rest}", to: `${CLOUDFLARE}/run/{rest}` },
    { match: "models/{rest}", to: `${CLOUDFLARE}/models/{rest}` },
    { match: "(v1/){rest}", to: `${CLOUDFLARE}/v1/{rest}` },
  ],
  auth: BEARER,
  wires: [...WORKERS, ...OPENAI, ...ANTHROPIC],
  dialect: "cloudflare",
  compat: { chat: "v1/chat/completions", embeddings: "v1/embeddings" },
  env: "CLOUDFLARE_API_TOKEN",
  priceId: "cloudflare",
};

const baseten = openaiLike({
  id: "baseten",
  rules: [
    { match: "model/{model}", to: "https://model-{model}.api.baseten.co/production/predict" },
    { match: "model/{model}/{rest}", to: "https://model-{model}.api.baseten.co/{rest}" },
    { match: "(v1/){rest}", to: "https://inference.baseten.co/v1/{rest}" },
  ],
  compat: CHAT_AND_MODELS,
  asksForUsage: true,
  env: "BASETEN_API_KEY",
});

const ollama = openaiLike({
  id: "ollama",
  rules: [
    { match: "api/{rest}", to: "http://127.0.0.1:11434/api/{rest}" },
    { match: "(v1/){rest}", to: "http://127.0.0.1:11434/v1/{rest}" },
  ],
  wires: [...OLLAMA, ...OPENAI, ...ANTHROPIC],
  compat: ALL_OF_OPENAI,
  asksForUsage: true,
  env: "OLLAMA_API_KEY",
});

/** What vLLM serves under `/v1`; the rest, such as `tokenize`, is at its root. */
const VLLM = ["chat/{rest}", "completions", "embeddings", "models", "responses", "messages", "audio/{rest}"];

const vllm = openaiLike({
  id: "vllm",
  rules: [
    ...VLLM.map((path) => ({ match: `(v1/)${path}`, to: `http://127.0.0.1:8000/v1/${path}` })),
    { match: "{rest}", to: "http://127.0.0.1:8000/{rest}" },
  ],
  wires: [...OPENAI, ...ANTHROPIC],
  compat: ALL_OF_OPENAI,
  asksForUsage: true,
  env: "VLLM_API_KEY",
});

/** Models in somebody's cloud account. */
export const CLOUD: readonly Provider[] = [azureOpenai, googleVertexAi, awsBedrock, workersAi, baseten];

/** Servers of one's own: their usual addresses are loopback, and served only where the config allows it. */
export const OWN: readonly Provider[] = [ollama, vllm];
