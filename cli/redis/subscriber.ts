/**
 * A subscription as a stream of server-sent events.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Connection } from "./connection.ts";
import type { Args, Reply } from "./reply.ts";

/** Passes on what is published until the client or Redis goes; each has a connection of its own. */
export function subscribe(args: Args, connection: Connection, response: ServerResponse): void {
  response.on("close", () => connection.close());
  // Nobody may take a stream for complete that Redis has broken off.
  connection.onClose(() => response.destroy());
  response.on("drain", () => connection.hold(false));
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.flushHeaders();
  connection.listen(args, (reply) => {
    if (Array.isArray(reply) && !response.write(eventOf(reply))) connection.hold(true);
  });
}

/** `data: message,channel,text`; a text of several lines has `data: ` before each, as the format wants it. */
export function eventOf(reply: readonly Reply[]): string {
  const text = reply.map((part) => String(part ?? "")).join(",");
  return text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`).join("") + "\n";
}
