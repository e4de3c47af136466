/**
 * The built-in providers, found by slug or alias. `table.ts` shows them with what only people and the command line need.
 *
 * @module
 */
import { nearest } from "../nearest.ts";
import { CHAT } from "./chat.ts";
import { CLOUD, OWN } from "./cloud.ts";
import { MEDIA, VOICE } from "./media.ts";
import type { Provider } from "./provider.ts";

/** Every built-in provider once, in the order of the docs. */
export const BUILT_IN: readonly Provider[] = [...CHAT, ...CLOUD, ...VOICE, ...MEDIA, ...OWN];

/** Rows by slug and by alias, in lower case. */
export function bySlug(rows: readonly Provider[]): ReadonlyMap<string, Provider> {
  return new Map(rows.flatMap((row) => [row.id, ...(row.aliases ?? [])].map((slug) => [slug, row] as const)));
}

const KNOWN = bySlug(BUILT_IN);

/** The built-in provider of a slug or alias in lower case. */
export function findBuiltIn(slug: string): Provider | undefined {
  return KNOWN.get(slug);
}

/** The known slug or alias that was probably meant; `undefined` where nothing comes close. */
export function similarSlug(slug: string): string | undefined {
  return nearest(slug, KNOWN.keys());
}

/** As {@link similarSlug}, for an error's hint: `openai` where nothing comes close. */
export function nearestProvider(slug: string): string {
  return similarSlug(slug) ?? "openai";
}
