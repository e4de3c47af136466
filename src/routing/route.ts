/**
 * From the URL of a request to what it asks for. Pure.
 *
 * @module
 */
import { nearest } from "../nearest.ts";
import { similarSlug } from "../providers/rows.ts";

/** What the URL asks for, and of which gateway. */
export type Route =
  /** `ANY G/{provider}/{path}`. */
  | (Place & { readonly kind: "native"; readonly provider: string; readonly path: string })
  /** `POST G`. */
  | (Place & { readonly kind: "universal" })
  /** `G/compat/...`. */
  | (Place & { readonly kind: "compat"; readonly operation: Operation })
  /** `POST G/cache/purge`. */
  | (Place & { readonly kind: "purge" })
  /** `/admin/...`: the management of keys. */
  | (Place & { readonly kind: "admin" })
  /** `GET` or `HEAD` of `G` or of `G/{provider}` with nothing below: a client that looks whether anybody is there. */
  | (Place & { readonly kind: "probe"; readonly provider?: string })
  /** Nothing that Headgate serves; `nearest` is a known path to name in the error. */
  | (Place & { readonly kind: "unknown"; readonly nearest: string });

/** `G`: `/v1/{account}/{gateway}`, or nothing at all. */
export interface Place {
  /** Cloudflare's account id; `default` where the URL names none. */
  readonly account: string;
  readonly gateway: string;
}

/**
 * Reads a path. `G`, a doubled or missing `/v1`, `//` and a trailing `/` are tolerated; slugs may come in any case.
 * Never throws.
 *
 * @param pathname As in `URL.pathname`.
 * @param isProvider Whether a slug in lower case is known; `custom-...` counts as one either way.
 */
export function parseRoute(method: string, pathname: string, isProvider: (slug: string) => boolean): Route {
  const parts = wordsOf(pathname);
  // Not of one gateway: an account of that name is called with its /v1.
  if (parts[0] === "admin") return { ...HERE, kind: "admin" };
  const versions = versionsIn(parts);
  const reader: Reader = {
    isLook: isLook(method),
    endsInSlash: pathname.endsWith("/"),
    isProvider,
  };
  const words = versions === 0 ? parts : parts.slice(versions);
  const direct = below(HERE, words, reader);
  const isCertain = direct !== undefined &&
    !(direct.kind === "native" && versions > 0 && namesPlace(words, isProvider));
  if (isCertain) return direct;
  return placed(words, versions > 0, reader) ?? direct ?? unknown(words, isProvider);
}

/** Whether a request changes nothing. */
export const isLook = (method: string): boolean => method === "GET" || method === "HEAD";

/** What is known of a request beside its path's words. */
interface Reader {
  readonly isLook: boolean;
  readonly endsInSlash: boolean;
  readonly isProvider: (slug: string) => boolean;
}

const HERE: Place = { account: "default", gateway: "default" };

/** What stands between the slashes of a path. */
export const wordsOf = (path: string): readonly string[] => path.split("/").filter((part) => part !== "");

/** How many times the words begin with `v1`. */
function versionsIn(words: readonly string[]): number {
  let count = 0;
  while (words[count]?.toLowerCase() === "v1") count++;
  return count;
}

/** What the words ask of one gateway; `undefined` if they are no provider's and no endpoint's. */
function below(place: Place, words: readonly string[], { isLook, endsInSlash, isProvider }: Reader): Route | undefined {
  const first = words[0];
  if (first === undefined) return { ...place, kind: isLook ? "probe" : "universal" };
  const operation = operationOf(words);
  if (operation !== undefined) return { ...place, kind: "compat", operation };
  const provider = first.toLowerCase();
  if (provider === "cache" && !isLook && words.length === 2 && words[1] === "purge") return { ...place, kind: "purge" };
  if (provider === "compat") return isLook && words.length === 1 ? { ...place, kind: "probe" } : undefined;
  if (!isSlug(provider, isProvider)) return undefined;
  if (isLook && words.length === 1) return { ...place, kind: "probe", provider };
  const path = words.slice(1).join("/");
  // A server of one's own may tell `a` and `a/` apart.
  const isExact = endsInSlash && words.length > 1 && provider.startsWith("custom-");
  return { ...place, kind: "native", provider, path: isExact ? `${path}/` : path };
}

const isSlug = (word: string, isProvider: (slug: string) => boolean) => isProvider(word) || word.startsWith("custom-");

/** What the unified endpoint is asked for: `chat/completions`, `compat/v1/embeddings` ... */
export type Operation = "chat" | "embeddings" | "models";

/** The operation that a path's words name; `undefined` if they name none. */
export function operationOf(words: readonly string[]): Operation | undefined {
  const rest = words[0]?.toLowerCase() === "compat" ? words.slice(1) : words;
  const [first, second, ...more] = rest.slice(versionsIn(rest)).map((word) => word.toLowerCase());
  if (first === "chat" && more.length === 0) {
    return second === "completions" || second === "completion" ? "chat" : undefined;
  }
  return second === undefined && (first === "embeddings" || first === "models") ? first : undefined;
}

/** Whether a known provider's name is an account's here: another provider, or `compat`, comes two words later. */
function namesPlace(words: readonly string[], isProvider: (slug: string) => boolean): boolean {
  const third = words[2]?.toLowerCase();
  return third !== undefined && (third === "compat" || isSlug(third, isProvider)) &&
    !OPENAI_WORDS.has(words[1]!.toLowerCase());
}

/** What the words ask of the gateway that the first two name. */
function placed(
  [account, gateway, ...rest]: readonly string[],
  hasVersion: boolean,
  reader: Reader,
): Route | undefined {
  if (account === undefined || gateway === undefined || !isName(account) || !isName(gateway)) return undefined;
  const words = rest.slice(versionsIn(rest));
  const isBare = words.length === 0 && (!hasVersion || OPENAI_WORDS.has(account.toLowerCase()));
  return isBare ? undefined : below({ account, gateway }, words, reader);
}

const isName = (word: string) => /^[\w.-]{1,64}$/.test(word) && !/^\.+$/.test(word);

/** First words of OpenAI's paths: a client that was pointed at `/v1` sends them, and means no account. */
const OPENAI_WORDS: ReadonlySet<string> = new Set(
  ("assistants audio batches chat completions containers conversations embeddings evals files fine_tuning images " +
    "messages models moderations organization realtime responses threads uploads vector_stores videos").split(" "),
);

const KNOWN = [
  "/chat/completions",
  "/embeddings",
  "/models",
  "/compat/chat/completions",
  "/cache/purge",
  "/healthz",
  "/readyz",
];

/** Nothing that is served. The path that was probably meant is looked for when somebody asks: it takes a while. */
function unknown(words: readonly string[], isProvider: (slug: string) => boolean): Route {
  const meant = (word: string) => isProvider(word.toLowerCase()) ? word.toLowerCase() : similarSlug(word.toLowerCase());
  return {
    ...HERE,
    kind: "unknown",
    get nearest() {
      return nearestPath(words, meant);
    },
  };
}

function nearestPath(words: readonly string[], slugOf: (word: string) => string | undefined): string {
  const [first = "", second = "", third] = words;
  if (OPENAI_WORDS.has(first.toLowerCase()) && (second === "" || isName(second))) {
    return first.toLowerCase() === "chat" ? "/v1/chat/completions" : `/openai/v1/${first}${second && "/"}${second}`;
  }
  const meant = third !== undefined && isName(first) && isName(second) ? slugOf(third) : undefined;
  if (meant !== undefined) return `/v1/${first}/${second}/${meant}`;
  const slug = slugOf(first);
  if (slug !== undefined) return `/${slug}`;
  return nearest(`/${words.join("/")}`.slice(0, 64), KNOWN) ?? "/v1/chat/completions";
}
