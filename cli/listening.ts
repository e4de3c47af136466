/**
 * Where a server listens, and why it can't. Pure.
 *
 * @module
 */
import { StartError } from "./launch.ts";

/** Whether only this machine can reach what listens there. */
export const isLoopback = (hostname: string): boolean => /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(hostname);

/** A server on all addresses is reached at this one. */
export const reachable = (url: string): string => url.replace("//0.0.0.0", "//127.0.0.1").replace("//[::]", "//[::1]");

/** Each runtime has its own words for the same few reasons; what is none of them is given back as it is. */
export function startError(
  error: unknown,
  { port, hostname }: { readonly port: number; readonly hostname: string },
): unknown {
  const { code, message = "" } = error as { code?: string; message?: string };
  const has = (name: string, words: RegExp) => code === name || words.test(message);
  if (has("EADDRINUSE", /in use/i)) {
    return new StartError(`Port ${port} is in use: choose another with --port, or 0 for any.`);
  }
  if (has("EACCES", /permission denied/i)) {
    return new StartError(`Port ${port} needs more rights: choose one from 1024 on with --port.`);
  }
  const isForeign = has("EADDRNOTAVAIL", /not available|assign requested/i) ||
    has("ENOTFOUND", /getaddrinfo|lookup address|resolve host/i);
  return isForeign ? new StartError(`${hostname} is no address of this machine: choose another with --host.`) : error;
}
