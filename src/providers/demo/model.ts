/**
 * The models of the demo provider, and the knobs on them.
 *
 * @module
 */
import { Refusal } from "./refusal.ts";

/** What sets a model apart from `echo`. */
export interface Behaviour {
  /** What it says: `echo` unless told otherwise. */
  readonly says?: "lorem" | "nothing";
  /** An error instead of an answer. */
  readonly refuses?: () => Refusal;
  /** Refuses every other call only. */
  readonly recovers?: boolean;
  /** What happens in the middle of an answer. */
  readonly breaks?: "cut" | "stall" | "error" | "garble" | "filter";
  /** Holds back the headers of a stream too until its first token. */
  readonly holdsHeaders?: boolean;
  /** Milliseconds to the first token, unless the caller sets them. */
  readonly ttftMs?: number;
  /** Tokens before the fault, unless the caller sets them. */
  readonly faultAfter?: number;
}

const overloaded = (): Refusal => new Refusal(529, "Overloaded: try again shortly.", { code: "overloaded" });

/** Every model by name; a name that starts with `echo-` is `echo` too. */
export const MODELS: Readonly<Record<string, Behaviour>> = {
  "echo": {},
  "lorem": { says: "lorem" },
  "empty": { says: "nothing" },
  "slow": { ttftMs: 2000 },
  "slow-headers": { ttftMs: 2000, holdsHeaders: true },
  "flaky-429": {
    recovers: true,
    refuses: () =>
      new Refusal(429, "Rate limit reached: try again in 1 second.", {
        code: "rate_limit_exceeded",
        headers: { "retry-after": "1", "retry-after-ms": "1000" },
      }),
  },
  "down": { refuses: () => new Refusal(503, "The model is down: try another one.", { code: "service_unavailable" }) },
  "overloaded": { refuses: overloaded },
  "unauthorized": {
    refuses: () => new Refusal(401, "Incorrect API key provided: send another one.", { code: "invalid_api_key" }),
  },
  "no-credit": {
    refuses: () =>
      new Refusal(429, "You exceeded your current quota: check your plan and billing details.", {
        code: "insufficient_quota",
      }),
  },
  "context-length": {
    refuses: () =>
      new Refusal(400, "This model's maximum context length is 8192 tokens: reduce the length of the messages.", {
        code: "context_length_exceeded",
        param: "messages",
      }),
  },
  "content-filter": { says: "lorem", breaks: "filter" },
  "cut": { says: "lorem", breaks: "cut" },
  "stall": { says: "lorem", breaks: "stall" },
  "overloaded-in-stream": { says: "lorem", breaks: "error", refuses: overloaded, faultAfter: 0 },
  "broken-json": { says: "lorem", breaks: "garble" },
};

/** A model as one call wants it. */
export interface Setting {
  /** Without prefix and suffix. */
  readonly name: string;
  readonly behaviour: Behaviour;
  /** Milliseconds to the first token. */
  readonly ttftMs: number;
  /** Milliseconds from token to token. */
  readonly gapMs: number;
  /** Length of the answer, where the caller sets it. */
  readonly tokens: number | undefined;
  /** Tokens before the fault. */
  readonly faultAfter: number;
}

/**
 * Reads a model name with its knobs, as in `demo/echo?ttft=200&tps=50` or, for clients that allow no `?` there,
 * `demo/echo;ttft=200;tps=50`. A knob in the name wins over one in the query, and that over a header.
 *
 * @throws {Refusal} 404 where no such model is, 400 where a knob is no number in its range.
 */
export function setting(model: unknown, query: URLSearchParams, headers: Headers): Setting {
  if (typeof model !== "string") throw new Refusal(400, `Name a \`model\`: ${known()}.`, { param: "model" });
  const [path = "", ...suffix] = model.split(/[?&;]/);
  const name = path.replace(/^(?:models\/)?(?:demo\/)?/, "");
  const behaviour = find(name);
  const sources = [new URLSearchParams(suffix.join("&")), query, headers];
  const perSecond = knob(sources, "tps", "tokens-per-second", 1e6);
  return {
    name,
    behaviour,
    ttftMs: knob(sources, "ttft", "ttft-ms", LONGEST_MS) ?? behaviour.ttftMs ?? 0,
    gapMs: perSecond ? Math.min(1000 / perSecond, LONGEST_MS) : 0,
    tokens: knob(sources, "tokens", "tokens", 1e5, 1),
    faultAfter: knob(sources, "fault-after", "fault-after", 1e5) ?? behaviour.faultAfter ?? 3,
  };
}

const LONGEST_MS = 600_000;

/** @throws {Refusal} 404 */
function find(name: string): Behaviour {
  const behaviour = Object.hasOwn(MODELS, name) ? MODELS[name] : MODELS[name.startsWith("echo-") ? "echo" : ""];
  if (behaviour !== undefined) return behaviour;
  const message = `The model \`${name.slice(0, 80)}\` does not exist: use ${known()}.`;
  throw new Refusal(404, message, { code: "model_not_found", param: "model" });
}

const known = (): string => Object.keys(MODELS).join(", ");

type Source = Pick<URLSearchParams, "get">;

function knob(sources: readonly Source[], short: string, long: string, max: number, min = 0): number | undefined {
  const name = `x-demo-${long}`;
  for (const source of sources) {
    const text = source.get(name) ?? (source instanceof Headers ? null : source.get(short) ?? source.get(long));
    if (text === null) continue;
    const value = text.trim() === "" ? NaN : Number(text);
    if (value >= min && value <= max) return value;
    throw new Refusal(400, `Set ${name} to a number from ${min} to ${max}.`, { param: name });
  }
  return undefined;
}
