/**
 * Header fields without the runtime's own `Headers`, which sorts them anew whenever they are looked through and on some
 * runtimes lies on the far side of a bridge.
 *
 * @module
 */

/** As `Headers` has them, except that they stay in the order in which they came. */
export class Fields implements Headers {
  /** By lower-case name. Cookies, which can't be joined by commas, are lines. */
  readonly #values = new Map<string, string>();

  /**
   * @param list Names and values by turns, as `IncomingMessage.rawHeaders` has them.
   * @throws {TypeError} for what can't be a header.
   */
  static of(list: readonly string[]): Fields {
    const fields = new Fields();
    for (let i = 0; i < list.length; i += 2) fields.append(list[i] as string, list[i + 1] as string);
    return fields;
  }

  constructor(init: HeadersInit = []) {
    const list = Array.isArray(init) ? init : new Headers(init);
    for (const [name, value] of list) this.append(name, value);
  }

  append(name: string, value: string): void {
    const key = keyOf(name);
    const before = this.#values.get(key);
    const added = checked(value);
    this.#values.set(key, before === undefined ? added : `${before}${key === COOKIE ? "\n" : ", "}${added}`);
  }

  set(name: string, value: string): void {
    this.#values.set(keyOf(name), checked(value));
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  get(name: string): string | null {
    const key = name.toLowerCase();
    const value = this.#values.get(key);
    if (value === undefined) return null;
    return key === COOKIE ? value.replaceAll("\n", ", ") : value;
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  getSetCookie(): string[] {
    return this.#values.get(COOKIE)?.split("\n") ?? [];
  }

  forEach(visit: (value: string, name: string, fields: this) => void, self?: unknown): void {
    this.#values.forEach((value, name) => {
      if (name !== COOKIE) visit.call(self, value, name, this);
      else for (const cookie of value.split("\n")) visit.call(self, cookie, name, this);
    });
  }

  entries(): ArrayIterator<[string, string]> {
    const list: [string, string][] = [];
    this.forEach((value, name) => list.push([name, value]));
    return list.values();
  }

  keys(): ArrayIterator<string> {
    return [...this].map(([name]) => name).values();
  }

  values(): ArrayIterator<string> {
    return [...this].map(([, value]) => value).values();
  }

  [Symbol.iterator](): ArrayIterator<[string, string]> {
    return this.entries();
  }
}

const COOKIE = "set-cookie";
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const OUTER_SPACE = /^[\t\r\n ]+|[\t\r\n ]+$/g;
/** What no value holds, and spaces around it. */
const UNUSUAL = /[\0\r\n\u0100-\uffff]|^[\t ]|[\t ]$/;

function keyOf(name: string): string {
  const key = String(name).toLowerCase();
  if (!NAME.test(key)) throw new TypeError(`Name a header as HTTP does: ${JSON.stringify(name)} isn't one.`);
  return key;
}

function checked(value: string): string {
  const text = String(value);
  if (!UNUSUAL.test(text)) return text;
  const trimmed = text.replace(OUTER_SPACE, "");
  if (UNUSUAL.test(trimmed)) throw new TypeError("Give a header a value of Latin-1 characters in one line.");
  return trimmed;
}
