/**
 * A subscription as a stream of server-sent events.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { type Connection, Unreachable } from "./connection.ts";
import { Refusal } from "./refusal.ts";
import { type Args, Failure, type Reply } from "./reply.ts";

/**
 * Passes on what is published until the client or Redis goes; each has a connection of its own.
 *
 * @param refuse Called instead if Redis doesn't take the subscription.
 */
export function subscribe(
  args: Args,
  connection: Connection,
  response: ServerResponse,
  refuse: (error: Refusal | Unreachable) => void,
): void {
  response.on("close", () => connection.close());
  response.on("drain", () => connection.hold(false));
  connection.onClose(() => {
    if (!response.headersSent) refuse(new Unreachable("Redis went away before it took the subscription: try again."));
    // Nobody may take a stream for complete that Redis has broken off.
    else if (!response.writableEnded) response.destroy();
  });
  connection.listen(args, (reply) => {
    if (reply instanceof Failure && !response.headersSent) refuse(new Refusal(400, reply.message));
    if (!Array.isArray(reply)) return connection.close();
    if (!response.headersSent) {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    }
    if (!response.write(eventOf(reply))) connection.hold(true);
  });
}

/** `data: message,channel,text`; a text of several lines has `data: ` before each, as the format wants it. */
export function eventOf(reply: readonly Reply[]): string {
  const text = reply.map((part) => String(part ?? "")).join(",");
  return text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`).join("") + "\n";
}
