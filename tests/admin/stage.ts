/** A gateway with one key of each kind, and a hand that asks. */
import { type Gateway, gateway, type Options } from "../../mod.ts";
import { admin, memoryVault, type Vault } from "../../src/admin.ts";
import type { Platform } from "../../src/call.ts";
import { CLOCK } from "../../src/clock.ts";
import { fetchTransport } from "../../src/transport.ts";

export const PEPPER = "pepper-of-the-tests-0123456789abcdef";

/** Keys of the config: `root` is bound to no tenant, those of `acme` and `umbra` are. */
export const ROLE_NAMES = ["caller", "viewer", "auditor", "operator", "admin", "replay", "delete"] as const;

export type Who = { readonly role: string; readonly tenant?: string | undefined };

/** The key of somebody with one role. */
export const keyOf = ({ role, tenant }: Who): string => `gw-${role}-of-${tenant ?? "nobody"}-0123456789abcdef`;

const configKey = (who: Who) => ({
  id: `${who.role}.${who.tenant ?? "all"}`,
  key: keyOf(who),
  roles: [who.role],
  ...(who.tenant === undefined ? {} : { tenant: who.tenant }),
});

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

export interface Stage {
  readonly gw: Gateway;
  readonly vault: Vault;
  /** Asks with a key of the config, or with a secret. */
  ask(who: Who | string | undefined, request: string, body?: unknown, headers?: Record<string, string>): Promise<Told>;
  /** All rows, oldest first. */
  rows(): Promise<readonly Record<string, unknown>[]>;
}

/** A clock that a test sets. */
export class Watch {
  at = Date.parse("2030-01-01T00:00:00Z");
  readonly clock = { ...CLOCK, now: (): number => this.at };
  pass(ms: number): void {
    this.at += ms;
  }
}

export interface StageOptions extends Options {
  readonly vault?: Vault;
  readonly watch?: Watch;
  readonly ip?: string;
  readonly moreKeys?: readonly object[];
}

export function stage({ vault: given, watch, ip, moreKeys = [], ...options }: StageOptions = {}): Stage {
  const vault = given ?? memoryVault(watch === undefined ? {} : { now: watch.clock.now });
  const keys = [undefined, "acme", "umbra"].flatMap((tenant) => ROLE_NAMES.map((role) => configKey({ role, tenant })));
  const gw = gateway({
    admin: admin({ vault, clock: watch?.clock }),
    ...options,
    auth: { pepper: PEPPER, ...options.auth, keys: [...keys, ...moreKeys] as never },
  });
  const platform: Platform = {
    runtime: "test",
    after: () => {},
    clientAddress: () => ip,
    transport: fetchTransport(),
  };
  return {
    gw,
    vault,
    async ask(who, request, body, headers = {}) {
      const [method, path] = request.split(" ") as [string, string];
      const key = typeof who === "object" ? keyOf(who) : who;
      const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
      const answer = await gw.handle(
        new Request(`http://gw.test${path}`, {
          method,
          body: text,
          headers: { ...(key === undefined ? {} : { "cf-aig-authorization": `Bearer ${key}` }), ...headers },
        }),
        platform,
      );
      const told = await answer.text();
      return { status: answer.status, headers: answer.headers, text: told, json: parsed(told) };
    },
    async rows() {
      const { lines } = await vault.rows(0, 1_000_000);
      return lines.map((line) => JSON.parse(line.slice(64)) as Record<string, unknown>);
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
