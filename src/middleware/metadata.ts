/**
 * Metadata: the flat tag set of a call.
 *
 * @module
 */
import type { Tagged, Tags } from "../call.ts";
import { isObject, parsedJson } from "../json.ts";
import type { Middleware } from "../middleware.ts";
import { recalled } from "../recall.ts";

/** Options of {@link metadata}. */
export interface MetadataOptions {
  /** Entries that are kept; 5, as Cloudflare does, if absent. */
  readonly maxEntries?: number | undefined;
}

const NO_TAGS: Tags = new Map();

/** Reads `cf-aig-metadata` into flat tags. Bad metadata never fails the call: it counts as none. */
export function metadata({ maxEntries = 5 }: MetadataOptions = {}): Middleware<unknown, Tagged> {
  // A client sends the same few values over and over.
  const tagsOf = recalled((text) => parseMetadata(text, maxEntries));
  return (call, next) => {
    const text = call.heard.controls.get("metadata");
    if (text === undefined) return next({ ...call, tags: NO_TAGS });
    const tags = tagsOf(text);
    call.note({ type: "metadata", tags });
    return next({ ...call, tags });
  };
}

/** The first `maxEntries` entries of a flat JSON object; nothing where a value is nested or the text isn't such an object. */
export function parseMetadata(text: string, maxEntries: number): Tags {
  const value = parsedJson(text);
  if (!isObject(value)) return NO_TAGS;
  const entries = Object.entries(value);
  if (!entries.every(isFlat)) return NO_TAGS;
  return new Map(entries.slice(0, maxEntries));
}

const isFlat = (entry: readonly [string, unknown]): entry is [string, string | number | boolean | null] =>
  entry[1] === null || typeof entry[1] !== "object";
