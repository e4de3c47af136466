/**
 * Meter: how many tokens an answer took, and what they cost.
 *
 * @module
 */
import { NO_BYTES } from "../bytes.ts";
import type { Aimed, Call, Target } from "../call.ts";
import type { Middleware } from "../middleware.ts";
import type { Provider } from "../providers/provider.ts";
import { wholeBody } from "../answer.ts";
import { errorEvent } from "../dialects.ts";
import { GatewayError } from "../errors.ts";
import { addIncludeUsage, type UsageFilter, withoutUsageChunk } from "../providers/wires/include.ts";
import { toldByWhole, usageReader } from "../providers/wires/reader.ts";
import type { Told, Wire } from "../providers/wires/wire.ts";
import { WIRES } from "../providers/wires/table.ts";
import type { Prices } from "../usage.ts";

/** Options of {@link meter}. */
export interface MeterOptions {
  /** Where prices come from; without it costs are unknown. */
  readonly prices?: Prices | undefined;
}

/** Reads the usage that a provider tells, once, at the end of its answer. Nothing is read where no wire format is known. */
export function meter({ prices }: MeterOptions = {}): Middleware<Aimed> {
  return async (call, next) => {
    const wire = wireOf(call.target.provider, call.target.path);
    if (wire === undefined) return next(call);
    const target = askingForUsage(call.target, wire);
    const answer = await next(target === call.target ? call : { ...call, target });
    if (answer.ok) observe(call, target !== call.target, wire, answer, prices);
    return answer;
  };
}

/** The wire format that is spoken at a path below a provider. */
export function wireOf(provider: Provider, path: string): Wire | undefined {
  const found = provider.wires.find(([pattern]) => pattern.test(path));
  return found === undefined ? undefined : WIRES[found[1]];
}

/** A chat stream tells its usage only when asked. */
function askingForUsage(target: Target, wire: Wire): Target {
  const { body, provider } = target;
  if (wire.id !== "openai-chat" || provider.asksForUsage !== true || body.kind !== "json") return target;
  const json = addIncludeUsage(body.json);
  return json === undefined ? target : { ...target, body: { kind: "json", json } };
}

function observe(
  call: Call & Aimed,
  hasAsked: boolean,
  wire: Wire,
  answer: Response,
  prices: Prices | undefined,
): void {
  const whole = wholeBody(answer);
  if (whole !== undefined) return note(call, toldByWhole(wire, whole), prices);
  const contentType = answer.headers.get("content-type") ?? "";
  if (!contentType.startsWith("text/event-stream")) {
    const reader = usageReader(wire, contentType);
    call.watch({ chunk: (bytes) => reader.chunk(bytes), end: () => note(call, reader.read(), prices) });
    return;
  }
  answer.headers.delete("content-length");
  // Where the client didn't ask for the usage chunk that now comes, it is read and taken out in one go.
  const stream = hasAsked ? withoutUsageChunk() : watching(wire, contentType);
  call.filter({
    ...stream,
    broken: () => lastWords(call),
    end: () => note(call, stream.told(), prices),
  });
}

/** Reads a stream's usage and lets every byte pass. */
function watching(wire: Wire, contentType: string): Pick<UsageFilter, "pass" | "flush" | "told"> {
  const reader = usageReader(wire, contentType);
  return {
    pass: (bytes) => {
      reader.chunk(bytes);
      return bytes;
    },
    flush: () => NO_BYTES,
    told: () => reader.read(),
  };
}

/** A stream that can't be completed says so in its own dialect. */
function lastWords({ id, target: { provider } }: Call & Aimed): Uint8Array<ArrayBuffer> {
  const error = new GatewayError(
    "upstream_broken",
    `Try again: provider "${provider.id}" broke off in the middle of its answer.`,
  );
  return new TextEncoder().encode(errorEvent(error, provider.dialect, id));
}

/** What a provider says it charges is worth more than a price list. */
function note(call: Call & Aimed, told: Told, prices: Prices | undefined): void {
  const { usage, model = call.target.model } = told;
  const { step, provider } = call.target;
  if (told.model !== undefined) call.note({ type: "model", model: told.model });
  if (usage === undefined) return;
  const of = { provider: provider.id, priceId: provider.priceId, at: call.startedAt };
  const listed = model === undefined ? undefined : prices?.cost(usage, { ...of, model });
  call.note({ type: "usage", step, usage, costUsd: told.costUsd ?? listed });
}
