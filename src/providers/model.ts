/**
 * Which model a request names: in its body, or in its path. Pure.
 *
 * @module
 */
import type { Body } from "../call.ts";
import { memberOf } from "../json.ts";

/** Where a path alone decides, whatever the body calls the model: Gemini and Vertex, Bedrock, Azure, Workers AI. */
const DECIDING = [
  /\/(?:models|tunedModels|endpoints)\/([^/]+?)(?::|%3a)\w+\/?$/i,
  /\/model\/([^/]+)\/(?:invoke|converse)[\w-]*\/?$/i,
  /\/openai\/deployments\/([^/]+)\/./i,
  /\/ai\/run\/(@(?:cf|hf)\/.+)$/,
];

/** Where vendors put a model in a path: those, Replicate and Hugging Face with its owner, and Baseten. */
const IN_PATH = [
  /(?:^|\/)models\/([^/:]+\/[^/:]+)/,
  /(?:^|\/)models\/([^/:]+)/,
  /(?:^|\/)model\/([^/]+)/,
  /(?:^|\/)deployments\/([^/]+)/,
  /^(?:run\/)?(@(?:cf|hf)\/.+)$/,
];

/** Characters of a name that goes into headers and logs; none that is real comes near. */
const MAX_LENGTH = 512;

/**
 * The model of a request below a provider; `undefined` where it names none, or nothing that can be a name.
 *
 * @param upstream Path of the request as the provider gets it.
 */
export function modelOf(path: string, upstream: string, body: Body): string | undefined {
  const named = body.kind === "json" ? memberOf(body.json, "model") : undefined;
  const [decided] = namesIn(upstream, DECIDING);
  const model = decided ?? (typeof named === "string" && named !== "" ? named : namesIn(path, IN_PATH)[0]);
  return model === undefined || isModel(model) ? model : undefined;
}

/** Whether it can be written to a header and a log: neither endless nor with half a character in it. */
export function isModel(name: string): boolean {
  return name.length <= MAX_LENGTH && !/\p{Surrogate}/u.test(name);
}

/**
 * Every name in a path that a vendor could take for a model's.
 *
 * @param upstream As of {@link modelOf}.
 */
export function modelsInPath(path: string, upstream: string): string[] {
  const names = [...namesIn(upstream, DECIDING), ...namesIn(path, IN_PATH), ...namesIn(upstream, IN_PATH)];
  // An owner without its model is none.
  return names.filter((name) => !names.some((other) => other.startsWith(`${name}/`)));
}

function namesIn(path: string, patterns: readonly RegExp[]): string[] {
  return patterns.flatMap((pattern) => {
    const found = pattern.exec(path)?.[1];
    return found === undefined ? [] : [decoded(found)];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
