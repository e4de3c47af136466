/**
 * From raw headers to the web's.
 *
 * @module
 */

/** Names and values by turns, as `IncomingMessage.rawHeaders` has them. */
export function readHeaders(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let i = 0; i < raw.length; i += 2) headers.append(raw[i] as string, raw[i + 1] as string);
  return headers;
}
