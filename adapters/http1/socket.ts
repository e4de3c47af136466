/**
 * What the client needs of a runtime's sockets.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";

/** Where to connect. */
export interface Address {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether over TLS: with a certificate that is trusted and names the host, and for HTTP/1.1 alone. */
  readonly isSecure: boolean;
}

/** One connection. It comes with no delay between small writes, and is asked now and then whether it is still there. */
export interface Socket {
  /** Whether it is open, or still opening. */
  readonly isOpen: boolean;
  /** Whether the system has taken everything that was written. */
  readonly isFlushed: boolean;
  /** Sends bytes, in order; says whether there is room for more. Only called once it is ready. */
  write(bytes: Bytes): boolean;
  /** Reads no further; what is on its way may still come. */
  pause(): void;
  resume(): void;
  /** Says whether it is in use: one that isn't must not keep the process alive. */
  use(isUsed: boolean): void;
  /** Closes at once; what wasn't sent is lost. */
  close(): void;
}

/** What is told of a connection. Never while `dial` is running, and nothing after `closed`. */
export interface Listener {
  /** It is open and, with TLS, its certificate has been found good. */
  ready(): void;
  /** Bytes that are the listener's from now on. */
  data(bytes: Bytes): void;
  /** There is room again for what is to be sent. */
  drain(): void;
  /** The other side sends no more. */
  end(): void;
  /** With a `code` where there is one; `closed` follows. */
  fail(error: unknown): void;
  closed(): void;
}

/** Opens a connection. */
export type Dial = (address: Address, listener: Listener) => Socket;
