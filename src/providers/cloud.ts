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
  at,
  CONVERSE,
  GEMINI,
  INVOKE,
  keyIn,
  OLLAMA,
  OPENAI,
  openaiLike,
  row,
  type Wires,
  WORKERS,
} from "./shape.ts";

const AZURE = "https://{resource}.openai.azure.com/openai";

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

/** Models in somebody's cloud account. */
export const CLOUD: readonly Provider[] = [
  openaiLike({
    id: "azure-openai",
    aliases: ["azure"],
    rules: [
      { match: "{resource}/v1/{rest}", to: `${AZURE}/v1/{rest}` },
      { match: "{resource}/openai/{rest}", to: `${AZURE}/{rest}` },
      { match: "{resource}/{deployment}/{rest}", to: `${AZURE}/deployments/{deployment}/{rest}` },
    ],
    auth: keyIn("api-key"),
    // Without a resource in front: for a configured origin.
    compat: { chat: "v1/chat/completions", embeddings: "v1/embeddings", models: "v1/models" },
    asksForUsage: true,
    priceId: "azure",
  }),
  row({
    id: "google-vertex-ai",
    aliases: ["vertex", "vertex-ai", "google-vertex"],
    rules: [
      ...at("https://aiplatform.googleapis.com", "ws/{rest}"),
      ...vertexRules("", "v1"),
      ...vertexRules("{version}/", "{version}"),
    ],
    auth: { kind: "google", header: "authorization", scheme: "Bearer", also: ["x-goog-api-key"] },
    wires: VERTEX,
    dialect: "gemini",
    priceId: "google",
  }),
  row({
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
      forms: ["x-api-key"],
    },
    wires: [...CONVERSE, ...INVOKE, ...ANTHROPIC, ...OPENAI],
    compat: { chat: "bedrock-runtime/us-east-1/openai/v1/chat/completions" },
    takesEncodedSlashes: true,
    priceId: "aws",
  }),
  row({
    id: "workers-ai",
    aliases: ["workersai", "cloudflare"],
    rules: at(
      "https://api.cloudflare.com/client/v4/accounts/{account}/ai",
      "(run/)@cf/{rest}",
      "(run/)@hf/{rest}",
      "run/{rest}",
      "models/{rest}",
      "(v1/){rest}",
    ),
    wires: [...WORKERS, ...OPENAI, ...ANTHROPIC],
    compat: { chat: "v1/chat/completions", embeddings: "v1/embeddings" },
    priceId: "cloudflare",
  }),
  openaiLike({
    id: "baseten",
    rules: [
      { match: "model/{model}", to: "https://model-{model}.api.baseten.co/production/predict" },
      { match: "model/{model}/{rest}", to: "https://model-{model}.api.baseten.co/{rest}" },
      ...at("https://inference.baseten.co", "(v1/){rest}"),
    ],
    asksForUsage: true,
  }),
];

/** What vLLM serves under `/v1`; the rest, such as `tokenize`, is at its root. */
const VLLM = ["chat/{rest}", "completions", "embeddings", "models", "responses", "messages", "audio/{rest}"];

/** Servers of one's own: their usual addresses are loopback, and served only where the config allows it. */
export const OWN: readonly Provider[] = [
  openaiLike({
    id: "ollama",
    rules: at("http://127.0.0.1:11434", "api/{rest}", "(v1/){rest}"),
    wires: [...OLLAMA, ...OPENAI, ...ANTHROPIC],
    compat: ALL_OF_OPENAI,
    asksForUsage: true,
  }),
  openaiLike({
    id: "vllm",
    rules: at("http://127.0.0.1:8000", ...VLLM.map((path) => `(v1/)${path}`), "{rest}"),
    wires: [...OPENAI, ...ANTHROPIC],
    compat: ALL_OF_OPENAI,
    asksForUsage: true,
  }),
];
