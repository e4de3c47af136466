/**
 * Every wire format that Headgate can read.
 *
 * @module
 */
import type { Provider, WireId } from "../provider.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { bedrockConverse } from "./bedrock-converse.ts";
import { bedrockInvoke } from "./bedrock-invoke.ts";
import { cohere } from "./cohere.ts";
import { gemini } from "./gemini.ts";
import { ollama } from "./ollama.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiEmbeddings } from "./openai-embeddings.ts";
import { openaiResponses } from "./openai-responses.ts";
import type { Wire } from "./wire.ts";
import { workersAi } from "./workers-ai.ts";

/** Wire formats by id. */
export const WIRES: Readonly<Record<WireId, Wire>> = {
  "openai-chat": openaiChat,
  "openai-responses": openaiResponses,
  "openai-embeddings": openaiEmbeddings,
  "anthropic-messages": anthropicMessages,
  gemini,
  "bedrock-converse": bedrockConverse,
  "bedrock-invoke": bedrockInvoke,
  cohere,
  "workers-ai": workersAi,
  ollama,
};

/** The wire format that is spoken at a path below a provider. */
export function wireOf(provider: Provider, path: string): Wire | undefined {
  const found = provider.wires.find(([pattern]) => pattern.test(path));
  return found === undefined ? undefined : WIRES[found[1]];
}
