/**
 * From a path below a provider to a checked upstream URL: nothing that a client writes leads away from the row.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";
import { parsedUrl } from "../origin.ts";
import { recalled } from "../recall.ts";
import type { Provider } from "./provider.ts";
import { type CompiledRule, compileRule, filled, type Values } from "./rule.ts";

/** What the client asked of a provider. */
export interface Asked {
  /** Below the provider, without a leading slash; its bytes reach the provider unchanged. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
  /** Cloudflare's account id from the gateway's URL; `default` where that names none. */
  readonly account: string;
  /** Where a target URL may come in, for providers that take one. */
  readonly headers?: Pick<Headers, "get"> | undefined;
}

/**
 * The upstream URL, on the origin of the provider's row. A path that comes again is not looked into again.
 *
 * @throws {GatewayError} `invalid_path`, `invalid_parameter`, `unknown_path` or `forbidden_target`.
 */
export function resolveTarget(provider: Provider, { path, search, account, headers }: Asked): URL {
  const { targetUrl } = provider;
  const wanted = targetUrl === undefined ? null : headers?.get(targetUrl.header) ?? null;
  if (targetUrl !== undefined && wanted !== null) return givenTarget(targetUrl, wanted);
  const rules = rulesOf(provider);
  const href = rules.asksAccount ? hrefOf(provider, rules, path, account) : rules.hrefOf(path);
  return new URL(href + checkedSearch(search));
}

/** Where a path is upstream, without a query. */
function hrefOf(provider: Provider, rules: Rules, path: string, account: string): string {
  checkPath(path, provider.takesEncodedSlashes === true);
  for (const rule of rules.list) {
    const found = rule.pattern.exec(path);
    if (found === null) continue;
    const values: Record<string, string> = found.groups ?? {};
    values["account"] = account;
    checkValues(provider, rules, rule, values);
    return built(rule, values);
  }
  throw new GatewayError("unknown_path", `Check the path: "${provider.id}" is called as ${forms(provider)}.`);
}

/** The URL, if it is where the rule says, whatever the URL parser made of it. */
function built(rule: CompiledRule, values: Values): string {
  const start = filled(rule.host, values).toLowerCase() + rule.base;
  const href = parsedUrl(start + filled(rule.tail, values))?.href;
  if (href === undefined || !href.startsWith(start)) {
    throw new GatewayError("invalid_path", "Check the path: it doesn't stay with its provider.");
  }
  return href;
}

interface Rules {
  readonly list: readonly CompiledRule[];
  /** Words of the row's own paths: none of them names a resource. */
  readonly words: ReadonlySet<string>;
  /** Whether it depends on the account where a path leads. */
  readonly asksAccount: boolean;
  /** Where a path leads if it doesn't. */
  readonly hrefOf: (path: string) => string;
}

const RULES: WeakMap<Provider, Rules> = new WeakMap();

/** The rules of a row, taken apart when it is first called. */
function rulesOf(provider: Provider): Rules {
  const known = RULES.get(provider);
  if (known !== undefined) return known;
  const list = provider.rules.map(compileRule);
  const rules: Rules = {
    list,
    words: new Set(list.flatMap(({ words }) => words)),
    asksAccount: list.some(({ inHost, inPath }) => [...inHost, ...inPath].includes("account")),
    hrefOf: recalled((path) => hrefOf(provider, rules, path, "")),
  };
  RULES.set(provider, rules);
  return rules;
}

const forms = ({ id, rules }: Provider): string => rules.slice(0, 3).map(({ match }) => `${id}/${match}`).join(" or ");

/** A DNS label. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const NAME = /^[\w.~-]{1,128}$/;

/** Each value in its place: a label in a host, a plain name in a path. */
function checkValues({ id }: Provider, { words }: Rules, { inHost, inPath }: CompiledRule, values: Values): void {
  for (const name of inHost) {
    const value = values[name]!;
    if (!LABEL.test(value)) throw wrong(id, name, "may hold only letters, digits and hyphens, at most 63");
    if (words.has(value.toLowerCase())) throw wrong(id, name, "is missing in the path; or configure an origin");
  }
  for (const name of inPath) {
    const value = values[name]!;
    if (name === "account" && value === "default") throw wrong(id, name, "must be named: /v1/{account}/{gateway}/...");
    if (!NAME.test(value) || /^\.+$/.test(value)) {
      throw wrong(id, name, "may hold only letters, digits and -._~, at most 128");
    }
  }
}

const wrong = (id: string, name: string, why: string) =>
  new GatewayError("invalid_parameter", `Check the ${name} for "${id}": it ${why}.`);

/** Nothing but harmless characters; dots and doubled slashes are looked at apart. */
const PLAIN = /^[\w@:~$,=+!*./-]*$/;

/** Space and controls, backslashes, what ends a path; `//`; a lone `%`. */
const STRAY = /[\0- \x7f\\?#]|^\/|\/\/|%(?![\da-f]{2})/i;

/**
 * Encoded controls, backslashes and dots, however often they are encoded; overlong UTF-8; letters, digits, `-` and `_`
 * in disguise, which could hide a path from the wires.
 */
const DISGUISED = /%(?:(?:25)*(?:[01][\da-f]|7f|5c|2e)|c[01]|e0%[89]|f0%8|2d|3\d|[46][1-9a-f]|5[\daf]|7[\da])/i;

/** A segment of one or two dots; some servers take `..;x` for one, too. */
const DOTS = /(?:^|\/|%2f)\.{1,2}(?:$|\/|;|%2f|%3b)/i;
const SLASH = /%2f/i;
const HIDDEN_SLASH = /%(?:25)+2f/i;

function checkPath(path: string, takesEncodedSlashes: boolean): void {
  const isPlain = PLAIN.test(path) && !path.startsWith("/") && !path.includes("//");
  if (isPlain && !path.startsWith(".") && !path.includes("/.")) return;
  if (STRAY.test(path) || DISGUISED.test(path)) {
    throw new GatewayError("invalid_path", "Write the path plainly: it holds characters that no provider's has.");
  }
  if (DOTS.test(path)) throw new GatewayError("invalid_path", "Write the path without . and .. in it.");
  if (HIDDEN_SLASH.test(path) || (SLASH.test(path) && !takesEncodedSlashes)) {
    throw new GatewayError("invalid_path", "Write the path's slashes plainly, not as %2F.");
  }
}

/** The query with its question mark, unchanged. */
function checkedSearch(search: string): string {
  if (search === "") return "";
  if (/[^ -~\u0080-\uffff]|#/.test(search)) {
    throw new GatewayError("invalid_path", "Write the query without control characters and without #.");
  }
  return search.startsWith("?") ? search : `?${search}`;
}

/** A URL that the client names, if it is one of the provider's own hosts. */
function givenTarget({ header, hosts, origin }: NonNullable<Provider["targetUrl"]>, wanted: string): URL {
  const url = parsedUrl(wanted);
  // Behind `https://` there is room for neither a user name nor a port.
  if (url === undefined || !hosts.some((host) => url.href.startsWith(`https://${host}/`))) {
    throw new GatewayError("forbidden_target", `Let ${header} name an https URL on ${hosts.join(" or ")}.`);
  }
  checkPath(url.pathname.slice(1), false);
  url.hash = "";
  return origin === undefined ? url : new URL(origin + url.pathname + url.search);
}
