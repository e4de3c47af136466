/**
 * What `serve` gives back on every runtime that has a server of its own.
 *
 * @module
 */

/** A gateway that listens. */
export interface Server {
  /** As `http://127.0.0.1:8787`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /**
   * Stops accepting, lets running answers and their book-keeping finish for at most `drainMs` milliseconds, and cuts
   * off what still runs then. Never rejects.
   */
  stop(drainMs: number): Promise<void>;
}

/** Where to listen. */
export interface ServeOptions {
  /** 8787 if absent; 0 takes any free one. */
  readonly port?: number | undefined;
  /** `127.0.0.1` if absent: `0.0.0.0` lets other machines in. */
  readonly hostname?: string | undefined;
  /** Serves https with this certificate and key, both as PEM text. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** The address of a listening server, as clients write it. */
export function serverUrl(hostname: string, port: number, isSecure: boolean): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${isSecure ? "https" : "http"}://${host}:${port}`;
}

export const DEFAULT_PORT = 8787;
export const DEFAULT_HOSTNAME = "127.0.0.1";
