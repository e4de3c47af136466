/**
 * What really reaches the mock: its own journal hides credentials, and doesn't tell of clients that leave.
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Mountable } from "@copilotkit/aimock";

/** One request as the mock received it. */
export interface Arrival {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** Whether the connection ended before the answer did. */
  readonly isLeft: boolean;
}

/** Listens in on requests and leaves all of them to the mock. */
export class Wiretap implements Mountable {
  readonly arrivals: Arrival[] = [];
  #server: Server | undefined;

  handleRequest(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { method = "", url: path = "", headers, socket } = request;
    const arrival = { method, path, headers, isLeft: false };
    this.arrivals.push(arrival);
    this.#server = (socket as typeof socket & { readonly server?: Server }).server;
    response.once("close", () => {
      arrival.isLeft = !response.writableFinished;
      response.end(); // the mock streams on into a closed connection unless it is told
    });
    return Promise.resolve(false);
  }

  /** Ends all connections: the mock would wait until its clients let go of theirs. */
  release(): void {
    this.#server?.closeAllConnections();
  }
}
