import { lastRecalled } from "./recall.ts";

/**
 * A lower-case UUIDv7: ids of calls sort by time.
 *
 * @param now Epoch milliseconds.
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
 */
export function newId(now: number): string {
  return prefixOf(now) + crypto.randomUUID().slice(15);
}

const prefixOf = lastRecalled((now) => {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
});
