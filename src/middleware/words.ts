/**
 * Last words: a stream that can't be completed says so in its own dialect, before it is broken off.
 *
 * @module
 */
import type { Call, Target } from "../call.ts";
import { errorEvent, type StreamForm } from "../dialects.ts";
import { GatewayError } from "../errors.ts";
import { type Source, through } from "../flow.ts";
import { wireOf } from "../providers/wires/table.ts";

/** Lets a stream end with an error in its own form where it breaks off; a binary one has none. */
export function worded(answer: Response, call: Call, target: Target): Response {
  const form = formOf(answer, target);
  if (form === undefined || answer.body === null) return answer;
  return through(answer, (source) => wordedSource(source, call, target, form));
}

function formOf({ headers }: Response, { provider, path }: Target): StreamForm | undefined {
  const type = headers.get("content-type") ?? "";
  if (type.startsWith("application/x-ndjson")) return "lines";
  if (!type.startsWith("text/event-stream")) return undefined;
  return wireOf(provider, path)?.id === "openai-responses" ? "responses" : "events";
}

function wordedSource(source: Source, call: Call, { provider }: Target, form: StreamForm): Source {
  let failure: { readonly error: unknown } | undefined;
  return {
    async read() {
      if (failure !== undefined) throw failure.error;
      try {
        return await source.read();
      } catch (error) {
        const told = toTell(error, provider.id);
        // Nobody listens, or the provider has told it itself.
        if (call.signal.aborted || told.code === "upstream_error") throw error;
        failure = { error };
        return new TextEncoder().encode(errorEvent(told, provider.dialect, call.id, form));
      }
    },
    cancel: (reason) => source.cancel(reason),
  };
}

const toTell = (error: unknown, provider: string) =>
  error instanceof GatewayError ? error : new GatewayError(
    "upstream_broken",
    `Try again: provider "${provider}" broke off in the middle of its answer.`,
  );
