/**
 * Auth: who is calling.
 *
 * @module
 */
import type { Call, Identified, Identity } from "../call.ts";
import { isLike } from "../glob.ts";
import type { Fault, Finding, Holder } from "../keys/holder.ts";
import { type HolderOptions, Holders } from "../keys/holders.ts";
import { type Failure, refusalOf } from "../keys/refusal.ts";
import { credentialsInSteps, type Slot, slotsOf, without } from "../keys/slots.ts";
import type { Middleware } from "../middleware.ts";

export type { GatewayKey } from "../keys/holders.ts";

/** Options of {@link auth}. */
export interface AuthOptions extends HolderOptions {
  /** Where credentials are looked up, instead of the other options: several rooms can share what it knows. */
  readonly holders?: Holders | undefined;
  /** Whether a call without a valid key is refused. */
  readonly required: boolean;
}

const ANONYMOUS: Identity = { key: "anonymous", tenant: undefined, roles: [] };

/**
 * Asks for a gateway key or a token, wherever a client can put one. The first that is good counts. Those that are the
 * gateway's aren't passed on, good or not.
 */
export function auth(options: AuthOptions): Middleware<unknown, Identified> {
  const { required, holders = new Holders(options) } = options;
  const anonymous: Identified = { identity: ANONYMOUS, gatewayKeys: holders.plain };
  if (holders.isEmpty && !required) return (call, next) => next({ ...call, ...anonymous });
  return async (call, next) => {
    const slots = slotsOf(call);
    if (slots.length === 0 && required) throw refusalOf([]);
    const { identity, ours, failures } = await searched(call, slots, holders);
    if (identity === undefined && required) throw refusalOf(failures);
    if (identity !== undefined) call.note({ type: "identity", identity });
    const found = [
      ...ours.map(({ credential = "" }) => credential),
      ...await oursAmong(credentialsInSteps(call), holders),
    ];
    if (slots.length + found.length === 0) return next({ ...call, ...anonymous });
    const gatewayKeys = found.length === 0 ? holders.plain : [...holders.plain, ...found];
    // A provider's header that held the gateway's key is where that provider's own will go.
    const slot = ours.find(({ kind }) => kind === "header")?.at as string | undefined;
    return next({ ...call, ...without(call, ours), identity: identity ?? ANONYMOUS, gatewayKeys, slot });
  };
}

interface Searched {
  readonly identity: Identity | undefined;
  /** Slots that hold what is the gateway's. */
  readonly ours: readonly Slot[];
  readonly failures: readonly Failure[];
}

/** Looks into every slot, be it that the first is good: what is the gateway's must not go on from any. */
async function searched(call: Call, slots: readonly Slot[], holders: Holders): Promise<Searched> {
  const ours: Slot[] = [];
  const failures: Failure[] = [];
  let identity: Identity | undefined;
  for (const slot of slots) {
    if (slot.credential === undefined) {
      failures.push({ slot, fault: "blank" });
      continue;
    }
    const finding = await holders.find(slot.credential);
    if (isOurs(finding)) ours.push(slot);
    const fault = finding?.kind === "holder"
      ? faultOf(finding.holder, call, holders.now())
      : finding?.fault ?? (slot.isOwn ? "unknown" : "stray");
    if (fault !== undefined) failures.push({ slot, fault });
    else if (finding?.kind === "holder") identity ??= finding.holder.identity;
  }
  return { identity, ours, failures };
}

const isOurs = (finding: Finding): boolean => finding?.kind === "holder" || finding?.isOurs === true;

/** Those that are the gateway's, good or not. */
async function oursAmong(credentials: readonly string[], holders: Holders): Promise<readonly string[]> {
  if (credentials.length === 0) return [];
  const findings = await Promise.all(credentials.map((credential) => holders.find(credential)));
  return credentials.filter((_, at) => isOurs(findings[at]));
}

/** Why a credential that is known opens nothing here and now. */
function faultOf(holder: Holder, { route }: Call, now: number): Fault | undefined {
  const { identity: { roles }, grants, expiresAt, isToken } = holder;
  if (expiresAt !== undefined && !(now < expiresAt)) return isToken === true ? "token-expired" : "expired";
  // Its own table says who may do what there.
  if (route.kind === "admin") return undefined;
  const isGranted = grants.gateways?.some((pattern) => isLike(route.gateway, pattern)) ?? true;
  if (!isGranted) return "gateway";
  const needed = route.kind === "purge" ? PURGERS : CALLERS;
  return roles.some((role) => needed.includes(role)) ? undefined : "role";
}

const CALLERS: readonly string[] = ["caller", "admin"];
/** Callers, too, have answers of their own to purge. */
const PURGERS: readonly string[] = [...CALLERS, "operator"];
