/**
 * Meter: how many tokens an answer took, and what they cost.
 *
 * @module
 */
import { NO_BYTES } from "../bytes.ts";
import type { Aimed, Call, Target } from "../call.ts";
import type { Middleware } from "../middleware.ts";
import { wholeBody, wholeDocument } from "../answer.ts";
import { type Source, through } from "../flow.ts";
import { addIncludeUsage, type UsageFilter, withoutUsageChunk } from "../providers/wires/include.ts";
import { toldByWhole, usageReader } from "../providers/wires/reader.ts";
import type { Told, Wire } from "../providers/wires/wire.ts";
import { wireOf } from "../providers/wires/table.ts";
import type { Prices } from "../usage.ts";
import type { Attempting } from "./retry.ts";

type Metering = Call & Aimed & Partial<Attempting>;

/** Options of {@link meter}. */
export interface MeterOptions {
  /** Where prices come from; without it costs are unknown. */
  readonly prices?: Prices | undefined;
}

/** Reads the usage that a provider tells, once, at the end of its answer. Nothing is read where no wire format is known. */
export function meter({ prices }: MeterOptions = {}): Middleware<Aimed & Partial<Attempting>> {
  return async (call, next) => {
    const wire = wireOf(call.target.provider, call.target.path);
    if (wire === undefined) return next(call);
    const target = askingForUsage(call.target, wire);
    const answer = await next(target === call.target ? call : { ...call, target });
    return answer.ok ? observe(call, target !== call.target, wire, answer, prices) : answer;
  };
}

/** A chat stream tells its usage only when asked. */
function askingForUsage(target: Target, wire: Wire): Target {
  const { body, provider } = target;
  if (wire.id !== "openai-chat" || provider.asksForUsage !== true || body.kind !== "json") return target;
  const json = addIncludeUsage(body.json);
  return json === undefined ? target : { ...target, body: { kind: "json", json } };
}

function observe(
  call: Metering,
  hasAsked: boolean,
  wire: Wire,
  answer: Response,
  prices: Prices | undefined,
): Response {
  const whole = wholeBody(answer);
  if (whole !== undefined) {
    note(call, toldByWhole(wire, whole, wholeDocument(answer)), prices);
    return answer;
  }
  if (answer.body === null) return answer;
  const contentType = answer.headers.get("content-type") ?? "";
  const isEvents = contentType.startsWith("text/event-stream");
  if (isEvents) answer.headers.delete("content-length");
  // Where the client didn't ask for the usage chunk that now comes, it is read and taken out in one go.
  const filter = hasAsked && isEvents ? withoutUsageChunk() : watching(wire, contentType);
  return through(answer, (source) => metered(source, filter, (told) => note(call, told, prices)));
}

/** Reads an answer's usage on its way, and tells it once, however the answer ends. */
function metered(source: Source, filter: UsageFilter, tell: (told: Told) => void): Source {
  let isOpen = true;
  const end = () => {
    if (isOpen) tell(filter.told());
    isOpen = false;
  };
  return {
    async read() {
      try {
        for (let bytes = await source.read(); bytes !== undefined; bytes = await source.read()) {
          const passed = filter.pass(bytes);
          if (passed.byteLength > 0) return passed;
        }
      } catch (error) {
        end();
        throw error;
      }
      const last = isOpen ? filter.flush() : NO_BYTES;
      end();
      return last.byteLength > 0 ? last : undefined;
    },
    cancel(reason) {
      end();
      return source.cancel(reason);
    },
  };
}

/** Reads a stream's usage and lets every byte pass. */
function watching(wire: Wire, contentType: string): UsageFilter {
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

/** What a provider says it charges is worth more than a price list. */
function note(call: Metering, told: Told, prices: Prices | undefined): void {
  const { usage, model = call.target.model } = told;
  const { step, provider } = call.target;
  if (told.model !== undefined) call.note({ type: "model", model: told.model });
  if (usage === undefined) return;
  const of = { provider: provider.id, priceId: provider.priceId, asked: call.target.model, at: call.startedAt };
  const listed = model === undefined ? undefined : prices?.cost(usage, { ...of, model });
  call.note({ type: "usage", metered: { step, number: call.attempt ?? 1, usage, costUsd: told.costUsd ?? listed } });
}
