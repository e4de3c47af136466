/**
 * Replies as Upstash's REST gives them. Pure.
 *
 * @module
 */
import { Failure, type Reply, Status } from "./reply.ts";

/** `{"result":...}`, or `{"error":"..."}`. */
export function replyJson(reply: Reply, isBase64: boolean): string {
  if (reply instanceof Failure) return errorJson(reply.message);
  // In base64 only the word OK stays as it is, and only where it is the whole result: clients decode all else.
  if (reply instanceof Status && reply.text === "OK") return '{"result":"OK"}';
  return `{"result":${valueJson(reply, isBase64)}}`;
}

/** `{"error":"..."}`. */
export const errorJson = (message: string): string => `{"error":${JSON.stringify(message)}}`;

/** Replies nest no deeper than their parser allows. */
function valueJson(reply: Reply, isBase64: boolean): string {
  if (reply === null) return "null";
  if (typeof reply === "bigint") return String(reply);
  if (Array.isArray(reply)) return arrayJson(reply, isBase64);
  const bytes = bytesOf(reply as Buffer | Status | Failure);
  return isBase64 ? `"${bytes.toString("base64")}"` : JSON.stringify(bytes.toString("utf8"));
}

function arrayJson(replies: readonly Reply[], isBase64: boolean): string {
  const items: string[] = [];
  for (const reply of replies) items.push(valueJson(reply, isBase64));
  return `[${items.join(",")}]`;
}

function bytesOf(reply: Buffer | Status | Failure): Buffer {
  if (reply instanceof Status) return Buffer.from(reply.text);
  return reply instanceof Failure ? Buffer.from(reply.message) : reply;
}
