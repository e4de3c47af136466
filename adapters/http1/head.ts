/**
 * The head of a provider's answer. Pure, and strict: what could be read in two ways is refused, because a proxy that
 * reads it in one way and a provider that means the other end up out of step.
 *
 * @module
 */
import { ProtocolError } from "./failure.ts";

/** How long an answer's body is. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  /** Until the provider closes the connection. */
  | { readonly kind: "close" };

/** A read head. */
export interface Head {
  readonly status: number;
  /** Lower-case names and values by turns. */
  readonly fields: readonly string[];
  readonly framing: Framing;
  /** Whether the connection can be used again. */
  readonly isPersistent: boolean;
  /** Seconds that the provider says it keeps an unused connection. */
  readonly idleSeconds: number | undefined;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/;
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** No control characters, and no line ends that aren't both. */
const TEXT = /^[\t\x20-\x7e\x80-\xff]*(?:\r\n[\t\x20-\x7e\x80-\xff]*)*$/;

/**
 * Reads a head.
 *
 * @param text Latin-1, without the empty line at its end.
 * @param method Of the request.
 * @throws {ProtocolError} If it isn't what HTTP/1.1 says, or says its length twice.
 */
export function parseHead(text: string, method: string): Head {
  if (!TEXT.test(text)) throw new ProtocolError();
  const lines = text.split("\r\n");
  const [, minor, code] = STATUS_LINE.exec(lines[0] as string) ?? [];
  if (code === undefined) throw new ProtocolError();
  const fields: string[] = [];
  const said: Said = { length: undefined, coding: undefined, connection: "", keepAlive: undefined };
  for (let i = 1; i < lines.length; i++) readField(lines[i] as string, fields, said);
  const status = Number(code);
  const framing = framingOf(status, method, said);
  return {
    status,
    fields,
    framing,
    isPersistent: framing.kind !== "close" && persists(minor === "1", said.connection),
    idleSeconds: said.keepAlive === undefined ? undefined : idleSeconds(said.keepAlive),
  };
}

/** What a head says of itself. */
interface Said {
  length: string | undefined;
  coding: string | undefined;
  connection: string;
  keepAlive: string | undefined;
}

function readField(line: string, fields: string[], said: Said): void {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
  if (!NAME.test(name)) throw new ProtocolError();
  const value = trimmed(line, colon + 1);
  fields.push(name, value);
  if (name === "content-length") said.length = once(said.length, value);
  else if (name === "transfer-encoding") said.coding = once(said.coding, value);
  else if (name === "connection") said.connection += `,${value.toLowerCase()}`;
  else if (name === "keep-alive") said.keepAlive = value;
}

function once(before: string | undefined, value: string): string {
  if (before !== undefined) throw new ProtocolError();
  return value;
}

function framingOf(status: number, method: string, { length, coding }: Said): Framing {
  if (length !== undefined && (coding !== undefined || !/^\d{1,15}$/.test(length))) throw new ProtocolError();
  if (coding !== undefined && coding.toLowerCase() !== "chunked") throw new ProtocolError();
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return { kind: "none" };
  if (coding !== undefined) return { kind: "chunked" };
  return length === undefined ? { kind: "close" } : { kind: "length", length: Number(length) };
}

function persists(isCurrent: boolean, connection: string): boolean {
  if (connection === "") return isCurrent;
  const tokens = connection.split(",").map((token) => token.trim());
  return !tokens.includes("close") && (isCurrent || tokens.includes("keep-alive"));
}

function idleSeconds(keepAlive: string): number | undefined {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(keepAlive)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/** Without the blanks around it: `trim` would take more than blanks. */
function trimmed(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

const isBlank = (code: number) => code === 0x20 || code === 0x09;
