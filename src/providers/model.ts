/**
 * Which model a request names: in its body, or in its path. Pure.
 *
 * @module
 */
import type { Body } from "../call.ts";

/** Where vendors put a model in a path: Gemini and Vertex, Bedrock and Baseten, Azure, Workers AI. */
const IN_PATH = [
  /(?:^|\/)models\/([^/:]+)/,
  /(?:^|\/)model\/([^/]+)/,
  /(?:^|\/)deployments\/([^/]+)/,
  /^(?:run\/)?(@(?:cf|hf)\/.+)$/,
];

/** The model of a request below a provider; `undefined` where it names none. */
export function modelOf(path: string, body: Body): string | undefined {
  const value = body.kind === "json" ? body.json.value : undefined;
  const named = typeof value === "object" && value !== null ? (value as { model?: unknown }).model : undefined;
  return typeof named === "string" && named !== "" ? named : modelInPath(path);
}

function modelInPath(path: string): string | undefined {
  for (const pattern of IN_PATH) {
    const found = pattern.exec(path)?.[1];
    if (found !== undefined) return decoded(found);
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
