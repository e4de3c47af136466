/**
 * Server-sent events, as far as usage needs them.
 *
 * @module
 */

/** The data of the events of a text, in order; the first and the last may be cut. */
export function events(text: string): string[] {
  const found: string[] = [];
  let data: string | undefined;
  for (const line of text.split("\n")) {
    const value = dataOf(line);
    if (value !== undefined) data = data === undefined ? value : `${data}\n${value}`;
    if (data !== undefined && value === undefined && isBlank(line)) {
      found.push(data);
      data = undefined;
    }
  }
  if (data !== undefined) found.push(data);
  return found;
}

/** What a line says as data; `undefined` for any other line. */
function dataOf(line: string): string | undefined {
  if (!line.startsWith("data:")) return undefined;
  const start = line.charCodeAt(5) === 0x20 ? 6 : 5;
  return line.endsWith("\r") ? line.slice(start, -1) : line.slice(start);
}

const isBlank = (line: string) => line === "" || line === "\r";
