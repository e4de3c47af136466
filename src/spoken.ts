/**
 * The rest of an answer, once the model has begun to speak.
 *
 * @module
 */
import { GatewayError } from "./errors.ts";
import type { Source } from "./flow.ts";
import type { Patience } from "./patience.ts";
import { ending, type Listener } from "./providers/wires/listener.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What may befall the rest of an answer. */
export interface Rest {
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly over: () => undefined;
  readonly idleMs: number | undefined;
  /** Bytes after which a runaway answer is broken off. */
  readonly maxBytes: number;
  readonly provider: string;
}

/**
 * Hands on what was held and all that follows, as it comes. It breaks off where the provider falls silent, closes
 * before its stream has come to an end, or tells an error: an answer that isn't whole never ends as if it were.
 */
export function spoken(rest: Rest, source: Source, held: readonly Bytes[], listening: Listener | undefined): Source {
  const { patience, idleMs, signal, over } = rest;
  const queue = [...held];
  let failure = listening?.fault && told(rest);
  let left = rest.maxBytes;
  // It is the client now that may take its time.
  patience.rest();
  const fail = (error: unknown): never => {
    over();
    source.cancel(error).catch(() => {});
    throw error;
  };
  const next = async (): Promise<Bytes | undefined> => {
    patience.expect(idleMs);
    const bytes = await source.read();
    patience.rest();
    if (signal.aborted) throw new Error("The provider was given up.");
    return bytes;
  };
  return {
    async read() {
      const first = queue.shift();
      if (first !== undefined) return first;
      if (failure !== undefined) return fail(failure);
      let bytes: Bytes | undefined;
      try {
        bytes = await next();
      } catch (cause) {
        // All is said, and only the connection wasn't closed.
        if (patience.isLost && listening?.hasFinished === true) return over();
        return fail(patience.isLost ? silent(rest) : signal.aborted ? signal.reason : brokenOff(rest, cause));
      }
      if (bytes === undefined) {
        over();
        const end = listening && ending(listening);
        if (listening?.fault !== undefined) throw told(rest);
        if (end !== undefined && end !== "whole") throw brokenOff(rest, undefined);
        return undefined;
      }
      if ((left -= bytes.byteLength) < 0) return fail(tooLarge(rest));
      if (listening === undefined) return bytes;
      listening.hear(bytes);
      if (listening.fault === undefined) return bytes;
      failure = told(rest);
      const last = upToFault(bytes, listening);
      return last.byteLength > 0 ? last : fail(failure);
    },
    cancel(reason) {
      over();
      return source.cancel(reason);
    },
  };
}

/** What follows an error in the same chunk may look like a proper end. */
export const upToFault = (bytes: Bytes, { fault, faultEnd }: Listener): Bytes =>
  fault === undefined ? bytes : bytes.subarray(0, faultEnd);

const silent = ({ provider, idleMs }: Rest) =>
  new GatewayError(
    "upstream_timeout",
    `Try again: provider "${provider}" fell silent in the middle of its answer for ${idleMs} ms, or took too long for all of it.`,
  );

const brokenOff = ({ provider }: Rest, cause: unknown) =>
  new GatewayError("upstream_broken", `Try again: provider "${provider}" broke off in the middle of its answer.`, {
    cause,
  });

const tooLarge = ({ maxBytes }: Rest) =>
  new GatewayError("upstream_too_large", `The provider's answer is over ${maxBytes} bytes and was broken off.`);

/** The client has seen the provider's own words. */
const told = ({ provider }: Rest) =>
  new GatewayError("upstream_error", `Try again: provider "${provider}" told an error in the middle of its answer.`);
