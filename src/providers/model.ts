/**
 * Which model a request names: in its body, or in its path. Pure.
 *
 * @module
 */
import type { Body } from "../call.ts";
import { memberOf } from "../json.ts";

/** Where vendors put a model in a path: Gemini and Vertex, Bedrock and Baseten, Azure, Workers AI. */
const IN_PATH = [
  /(?:^|\/)models\/([^/:]+)/,
  /(?:^|\/)model\/([^/]+)/,
  /(?:^|\/)deployments\/([^/]+)/,
  /^(?:run\/)?(@(?:cf|hf)\/.+)$/,
];

/** Characters of a name that goes into headers and logs; none that is real comes near. */
const MAX_LENGTH = 512;

/** The model of a request below a provider; `undefined` where it names none, or nothing that can be a name. */
export function modelOf(path: string, body: Body): string | undefined {
  const named = body.kind === "json" ? memberOf(body.json, "model") : undefined;
  const model = typeof named === "string" && named !== "" ? named : modelInPath(path);
  return model === undefined || isModel(model) ? model : undefined;
}

/** Whether it can be written to a header and a log: neither endless nor with half a character in it. */
export function isModel(name: string): boolean {
  return name.length <= MAX_LENGTH && !/\p{Surrogate}/u.test(name);
}

function modelInPath(path: string): string | undefined {
  return modelsInPath(path)[0];
}

/** Every name in a path that some vendor could take for a model's. */
export function modelsInPath(path: string): string[] {
  return IN_PATH.flatMap((pattern) => {
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
