/**
 * The provider table: one row each, with the environment variable that usually holds its key. A gateway reads no
 * environment, so that its bundle holds the rows without it.
 *
 * @module
 */
import type { Provider } from "./provider.ts";
import { BUILT_IN, bySlug } from "./rows.ts";

export { type CustomOptions, customProvider, withOrigin } from "./custom.ts";
export { nearestProvider, similarSlug } from "./rows.ts";

/** Variables that aren't named after their provider, as `OPENAI_API_KEY` is. */
const VARIABLES: Readonly<Record<string, string>> = {
  "google-ai-studio": "GEMINI_API_KEY",
  "grok": "XAI_API_KEY",
  "perplexity-ai": "PERPLEXITY_API_KEY",
  "google-vertex-ai": "GOOGLE_VERTEX_ACCESS_TOKEN",
  "aws-bedrock": "AWS_BEARER_TOKEN_BEDROCK",
  "workers-ai": "CLOUDFLARE_API_TOKEN",
  "azure-voice-live": "AZURE_VOICELIVE_API_KEY",
  "replicate": "REPLICATE_API_TOKEN",
  "fal": "FAL_KEY",
  "huggingface": "HF_TOKEN",
};

const usualVariable = (id: string) => VARIABLES[id] ?? `${id.toUpperCase().replaceAll("-", "_")}_API_KEY`;

/** Every built-in provider once, in the order of the docs. */
export const ROWS: readonly Provider[] = BUILT_IN.map((row) => ({ ...row, env: usualVariable(row.id) }));

/** The rows by slug and by alias, in lower case. */
export const PROVIDERS: ReadonlyMap<string, Provider> = bySlug(ROWS);

/** The built-in provider of a slug or alias in lower case. */
export function findProvider(slug: string): Provider | undefined {
  return PROVIDERS.get(slug);
}
