/**
 * What a fault finds, and the parts of which answers are made.
 *
 * @module
 */
import type { Talk } from "./dialects/dialect.ts";
import type { HeadFields, Pen } from "./pen.ts";
import { type Reason, REFUSALS } from "./refusal.ts";
import type { Visit } from "./visit.ts";

/** Milliseconds of the public catalogue, before the wall's factor. */
export const PACE = {
  token: 15,
  slow: 20_000,
  stall: 30_000,
  silence: 120_000,
  outage: 60_000,
  ping: 1000,
} as const;

/** What a fault finds. */
export interface Scene {
  readonly visit: Visit;
  readonly pen: Pen;
  readonly talk: Talk;
  /** The number at the end of the fault's name. */
  readonly count: number | undefined;
  /** Milliseconds since the ticket's first visit to this model, with the wall's factor taken out. */
  readonly sinceFirstMs: number;
}

/** What the wall does with a request. */
export type Fault = (scene: Scene) => void | Promise<void>;

const EVENTS: HeadFields = [
  ["content-type", "text/event-stream; charset=utf-8"],
  ["cache-control", "no-cache"],
  ["transfer-encoding", "chunked"],
];

/** Head of a JSON answer. */
export const JSON_HEAD: HeadFields = [["content-type", "application/json"]];

/** Refuses, with header fields if given. */
export function refuse({ visit, pen }: Scene, reason: Reason, fields: HeadFields = []): void {
  const refusal = REFUSALS[reason];
  pen.reply(refusal.status, [...JSON_HEAD, ...fields], JSON.stringify(visit.dialect.refusal(refusal)));
}

/** Sends the head of a stream. */
export function head({ pen }: Scene): void {
  pen.head(200, EVENTS);
}

/** Sends head and opening. */
export function begin(scene: Scene): void {
  head(scene);
  for (const event of scene.visit.dialect.opening(scene.talk)) scene.pen.chunk(event);
}

/** Says tokens from one number to another, at the pace of a model. */
export async function speak({ visit, pen, talk }: Scene, from = 0, to: number = talk.tokens.length): Promise<void> {
  for (let index = from; index < Math.min(to, talk.tokens.length); index++) {
    pen.chunk(visit.dialect.token(talk, index));
    await pen.pause(PACE.token);
  }
}

/** Says why it ended, and how much it was. */
export function close({ visit, pen, talk }: Scene): void {
  for (const event of visit.dialect.closing(talk)) pen.chunk(event);
}

/** Sends the end mark and ends the stream. */
export function end({ visit, pen, talk }: Scene): void {
  for (const event of visit.dialect.end(talk)) pen.chunk(event);
  pen.last();
}

/** Answers as a healthy model does. */
export async function answer(scene: Scene): Promise<void> {
  if (!scene.visit.isStream) return plain(scene);
  begin(scene);
  await finish(scene, 0);
}

/** Answers the rest of a stream that has begun. */
export async function finish(scene: Scene, from: number): Promise<void> {
  await speak(scene, from);
  close(scene);
  end(scene);
}

/** A plain answer, once the model has said it all. */
async function plain({ pen, visit, talk }: Scene): Promise<void> {
  await pen.pause(PACE.token);
  pen.reply(200, JSON_HEAD, JSON.stringify(visit.dialect.plain(talk)));
}

/** The beginning of a plain answer, which its head announces whole; a part of it is missing. */
export function partly({ pen, visit, talk }: Scene, isChunked: boolean): void {
  const text = JSON.stringify(visit.dialect.plain(talk));
  const part = text.slice(0, Math.floor(text.length * 0.6));
  if (isChunked) {
    pen.head(200, [...JSON_HEAD, ["transfer-encoding", "chunked"]]);
    return pen.chunk(part);
  }
  pen.head(200, [...JSON_HEAD, ["content-length", String(Buffer.byteLength(text))]]);
  pen.raw(part);
}
