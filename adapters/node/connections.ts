/**
 * The open connections of one server, so that it can stop without cutting an answer short. Node's own `close` and
 * `closeIdleConnections` destroy a connection whose answer has been written but not yet taken by a slow client.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Which connections there are, and which of them are in use. */
export class Connections {
  readonly #open = new Set<Socket>();
  readonly #answering = new Map<ServerResponse, Socket>();
  #isClosing = false;

  /** For the server's `connection` event, or `secureConnection` with TLS. */
  readonly opened = (socket: Socket): void => {
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
  };

  /** For the server's `request` event. */
  readonly asked = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    this.#answering.set(response, socket);
    if (this.#isClosing) response.shouldKeepAlive = false;
    response.on("close", () => {
      this.#answering.delete(response);
      if (this.#isClosing && !this.#isBusy(socket)) socket.destroySoon();
    });
  };

  /** From now on every connection closes as soon as its answer is out. */
  close(): void {
    this.#isClosing = true;
    for (const response of this.#answering.keys()) if (!response.headersSent) response.shouldKeepAlive = false;
    for (const socket of this.#open) if (!this.#isBusy(socket)) socket.destroySoon();
  }

  /** Cuts off what is still open. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #isBusy(socket: Socket): boolean {
    for (const other of this.#answering.values()) if (other === socket) return true;
    return false;
  }
}
