/**
 * Asks a demo provider, and reads what it answers.
 *
 * @module
 */
import { demo, type DemoClock } from "../../src/providers/demo/demo.ts";

/** JSON of any shape, for tests to look into. */
// deno-lint-ignore no-explicit-any
export type Loose = any;

/** How a request differs from a plain POST. */
export interface Visit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends bodies to one demo provider. */
export type Ask = (path: string, body?: unknown, visit?: Visit) => Promise<Response>;

/** A demo provider of its own. A body that is a string or bytes goes out as it is. */
export function visitor(clock?: DemoClock): Ask {
  const { local } = demo(clock);
  return (path, body, { method = "POST", headers = {}, signal = new AbortController().signal } = {}) =>
    local!({
      method,
      url: new URL(path, "https://demo.invalid/"),
      headers: new Headers(headers),
      body: bytes(body),
      signal,
    });
}

function bytes(body: unknown): Uint8Array<ArrayBuffer> | null {
  if (body === undefined) return null;
  if (body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer>;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

/** A clock that stands still until somebody waits, and writes down for how long. */
export function fakeClock(): DemoClock & { readonly waits: number[] } {
  let time = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => time,
    wait(ms) {
      waits.push(ms);
      time += ms;
      return Promise.resolve();
    },
  };
}

/** The whole answer as JSON. */
export async function json(answer: Promise<Response>): Promise<Loose> {
  return await (await answer).json();
}

/** One server-sent event. */
export interface Event {
  readonly event: string | undefined;
  readonly data: Loose;
}

/** The events of a whole stream; `[DONE]` stays as it is. */
export async function events(answer: Promise<Response>): Promise<readonly Event[]> {
  return parseEvents(await (await answer).text());
}

/** The events in a text, each of which must be complete. */
export function parseEvents(text: string): readonly Event[] {
  const blocks = text.split(/\r?\n\r?\n/);
  if (blocks.pop() !== "") throw new Error("The stream does not end with a blank line.");
  return blocks.map((block) => {
    const lines = block.split(/\r?\n/);
    const data = lines.find((line) => line.startsWith("data: "))!.slice(6);
    const event = lines.find((line) => line.startsWith("event: "))?.slice(7);
    return { event, data: data === "[DONE]" ? data : JSON.parse(data) };
  });
}

/** Reads until the stream ends or breaks; tells what had come, and the error. */
export async function drain(answer: Response): Promise<{ readonly text: string; readonly error: unknown }> {
  const reader = answer.body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text, error: undefined };
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    return { text, error };
  }
}
