/**
 * The provider table: one row each, found by slug or alias.
 *
 * @module
 */
import { nearest } from "../nearest.ts";
import { CHAT } from "./chat.ts";
import { CLOUD, OWN } from "./cloud.ts";
import { MEDIA, VOICE } from "./media.ts";
import type { Provider } from "./provider.ts";

export { type CustomOptions, customProvider, withOrigin } from "./custom.ts";

/** Every built-in provider once, in the order of the docs. */
export const ROWS: readonly Provider[] = [...CHAT, ...CLOUD, ...VOICE, ...MEDIA, ...OWN];

/** The rows by slug and by alias, in lower case. */
export const PROVIDERS: ReadonlyMap<string, Provider> = new Map(
  ROWS.flatMap((row) => [row.id, ...(row.aliases ?? [])].map((slug) => [slug, row] as const)),
);

/** The built-in provider of a slug or alias in lower case. */
export function findProvider(slug: string): Provider | undefined {
  return PROVIDERS.get(slug);
}

/** The known slug or alias that was probably meant; `undefined` where nothing comes close. */
export function similarSlug(slug: string): string | undefined {
  const slips = Math.max(1, slug.length / 3);
  const isNear = (known: string) => Math.abs(known.length - slug.length) <= slips || known.startsWith(slug);
  return nearest(slug, [...PROVIDERS.keys()].filter(isNear));
}

/** As {@link similarSlug}, for an error's hint: `openai` where nothing comes close. */
export function nearestProvider(slug: string): string {
  return similarSlug(slug) ?? "openai";
}
