/**
 * What a caller is told whose credential opens nothing: where it stood and what to do, never what it was. Pure.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";
import type { Fault } from "./holder.ts";
import type { Slot } from "./slots.ts";

/** Why a slot's content was of no use; `blank`: it held no credential, `stray`: perhaps a provider's. */
export interface Failure {
  readonly slot: Slot;
  readonly fault: Fault | "blank" | "stray";
}

/** Which of several failures is told: the one that is most likely what the caller meant. */
const RANKS: Readonly<Partial<Record<Failure["fault"], number>>> = {
  blank: 1,
  stray: 0,
  unknown: 2,
  damaged: 3,
  issuer: 2,
};
const KNOWN_RANK = 4;

/** The refusal of a call, none of whose slots held what opens the gateway. */
export function refusalOf(failures: readonly Failure[]): GatewayError {
  const rank = ({ fault }: Failure) => RANKS[fault] ?? KNOWN_RANK;
  const [first, ...rest] = failures;
  if (first === undefined) {
    return new GatewayError(
      "unauthenticated",
      "Send a gateway key in cf-aig-authorization: this gateway asks for one.",
    );
  }
  const { slot, fault } = rest.reduce((best, next) => rank(next) > rank(best) ? next : best, first);
  return new GatewayError(
    fault === "role" || fault === "gateway" ? "forbidden" : "unauthenticated",
    sentence(fault, slot),
  );
}

function sentence(fault: Failure["fault"], { name }: Slot): string {
  switch (fault) {
    case "blank":
      return `Set the gateway key: ${name} holds an empty one, as clients send whose variable isn't set.`;
    case "stray":
      return `Send a gateway key in cf-aig-authorization: what ${name} holds is none, and may be a provider's.`;
    case "unknown":
      return `Send a valid gateway key: the one in ${name} isn't known, or was revoked.`;
    case "damaged":
      return `Copy the gateway key again: the one in ${name} has a character wrong, or is cut.`;
    case "expired":
      return `Get a new gateway key: the one in ${name} has expired.`;
    case "role":
      return `Use a key with the role caller: the one in ${name} makes no calls.`;
    case "gateway":
      return `Use a key for this gateway: the one in ${name} is for others.`;
    default:
      return `Get a new token: the one in ${name} ${TOKENS[fault]}.`;
  }
}

const TOKENS: Readonly<Record<Exclude<Fault, "unknown" | "damaged" | "expired" | "role" | "gateway">, string>> = {
  "malformed": "isn't a signed JWT as this gateway takes it",
  "algorithm": "is signed with an algorithm that isn't taken here",
  "signature": "isn't signed with a key that is known here",
  "issuer": "was issued by somebody who isn't known here",
  "audience": "is for another audience",
  "token-expired": "has expired",
  "early": "isn't valid yet",
  "too-old": "was issued too long ago, in the future, or for too long",
  "claims": "lacks a claim that is needed here, or has one of another type",
  "no-tenant": "doesn't say for which tenant it is",
  "revoked": "was revoked",
};
