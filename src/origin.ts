/**
 * Which hosts are nobody's business: private, loopback, link-local and reserved addresses. Pure; used when the
 * config is read and again where attempts leave the house.
 *
 * A name that a public DNS server resolves to a private address is not found out here: no runtime lets a `fetch`
 * be asked where it will connect to.
 *
 * @module
 */

/** Names that never leave a machine, a cluster or a building; a name without a dot is one, too. */
const PRIVATE_NAMES = /^[^.]+$|(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|corp|home\.arpa)$/;

/** IPv4 ranges that aren't the public internet: first address and prefix length. */
const PRIVATE_V4: readonly (readonly [number, number])[] = ([
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const).map(([address, bits]) => [v4(address), bits] as const);

/**
 * Whether a host is private, loopback, link-local or reserved, however it is spelled: `2130706433`, `0x7f.1`,
 * `[::ffff:10.0.0.1]`, `localhost.`. What is no host at all, or carries a user name, counts as private.
 *
 * @param host As in `URL.hostname` or as somebody typed it; without a port.
 */
export function isPrivateHost(host: string): boolean {
  const name = normalised(host);
  if (name === undefined) return true;
  if (name.startsWith("[")) return isPrivateV6(name.slice(1, -1));
  return /^[\d.]+$/.test(name) ? isPrivateV4(v4(name)) : PRIVATE_NAMES.test(name);
}

/**
 * What is wrong with a provider's base URL, and after a semicolon what to do; `undefined` if nothing is.
 * Never repeats the URL, which may hold a credential.
 */
export function originProblem(text: string, allowPrivate: boolean): string | undefined {
  const url = parsedUrl(text);
  if (url === undefined) return "must be a whole URL; write it like https://llm.example.com";
  if (!/^https?:$/.test(url.protocol)) return "must begin with https:// or http://";
  if (url.username + url.password !== "") return "must not hold a user name or a password; use key or headers";
  if (/[?#]/.test(text)) return "must not hold a query or a fragment";
  if (allowPrivate) return undefined;
  if (isPrivateHost(url.hostname)) return 'is a private address; write "allowPrivate": true beside it if that is meant';
  return url.protocol === "http:"
    ? 'is not encrypted; begin it with https:// or write "allowPrivate": true beside it'
    : undefined;
}

/** The same of the address of a key set, which may have a query. */
export function jwksProblem(text: string, allowPrivate: boolean): string | undefined {
  return originProblem(text.replace(/\?[^#]*$/, ""), allowPrivate);
}

/** The host as a URL parser spells it, without trailing dots; `undefined` if it can't be a host alone. */
function normalised(host: string): string | undefined {
  const bare = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const url = /[/\\?#@\s]|\]:/.test(bare) ? undefined : parsedUrl(`http://${bare}/`);
  return url?.hostname.replace(/\.+$/, "") || undefined;
}

/** The URL that a text is; `undefined` if it is none. `URL.canParse` isn't everywhere. */
export function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** A dotted address as one unsigned number. */
function v4(dotted: string): number {
  return dotted.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function isPrivateV4(address: number): boolean {
  return PRIVATE_V4.some(([first, bits]) => Math.floor((address - first) / 2 ** (32 - bits)) === 0);
}

/** Only 2000::/3 is handed out to the public, less what stands for IPv4 (6to4), tunnels, tests and books. */
function isPrivateV6(address: string): boolean {
  // A URL parser writes `::` for two zeros or more: of the first three groups, those behind it are zero.
  const [a = 0, b = 0, c = 0] = address.replace(/::.*/, "").split(":").map((group) => parseInt(group, 16));
  if ((a & 0xe000) !== 0x2000) return true;
  if (a === 0x2002) return isPrivateV4(b * 65536 + c);
  return a === 0x2001 && (b < 0x200 || b === 0xdb8) || a === 0x3fff && b < 0x1000;
}
