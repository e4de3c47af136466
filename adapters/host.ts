/**
 * What may stand in a `Host` header. Pure.
 *
 * @module
 */

const HOST = /^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9._~-]{1,255})(?::\d{1,5})?$/i;

/**
 * Whether the value is one host with an optional port, and nothing that would turn into a path, a query or a user
 * name once a URL is built from it.
 */
export function isHost(value: string): boolean {
  if (value === lastHost) return true;
  if (!HOST.test(value) || !isParsable(value)) return false;
  lastHost = value;
  return true;
}

/** Clients send the same host again and again, and a check costs a `new URL`. */
let lastHost = "";

/** What every adapter says of a host that isn't one. */
export const BAD_HOST = "Send one Host header with a host name and an optional port.";

/** The answer to a request whose host isn't one. */
export function badHost(): Response {
  return new Response(BAD_HOST, { status: 400, headers: { "content-type": "text/plain; charset=utf-8" } });
}

/** Numbers out of range look like hosts until they are parsed. */
function isParsable(host: string): boolean {
  try {
    return new URL(`http://${host}/`).pathname === "/";
  } catch {
    return false;
  }
}
