/**
 * Who calls in the suite beside those of `config.ts`: keys that open part of the house, and an identity provider.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { json } from "./answers.ts";
import { claims, mint, type Signer, signer } from "../keys/mint.ts";
import type { Upstream } from "./upstream.ts";

/** Keys of callers who may do less than others. */
export const LESSER_KEYS = {
  /** Opens the gateway `guarded` and there some models. */
  guarded: "gw-hush-guarded-1",
  expired: "gw-hush-expired-1",
  viewer: "gw-hush-viewer-1",
} as const;

const ISSUER = "https://idp.suite.test";

/** Signs tokens of the suite's identity provider. */
export const idp: Signer = await signer("ES256", "suite");

/** Whoever is asked for the provider's keys shows this. */
const JWKS_TICKET = "sk-hush0the0key0set";

/** A token of the suite's identity provider, good for five minutes. */
export function token(changes: Record<string, unknown> = {}, by: Signer = idp, header?: unknown): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return mint(by, claims({ iss: ISSUER, iat: now - 5, exp: now + 300, ...changes }), header);
}

/** Requests for the provider's keys so far, of all gateways together. */
export const keySetRequests = (upstream: Upstream): number => upstream.stored(JWKS_TICKET).calls.length;

const hashed = (id: string, key: string, more: object) => ({
  id,
  sha256: createHash("sha256").update(key).digest("hex"),
  ...more,
});

/** What the suite's config holds of it. */
export function identityConfig(upstream: Upstream) {
  upstream.ticketFor(JWKS_TICKET, json(JSON.stringify({ keys: [idp.jwk] })));
  return {
    keys: [
      hashed("guarded-1", LESSER_KEYS.guarded, {
        tenant: "guarded-co",
        grants: { gateways: ["guarded"], models: ["gpt-*", "claude-*"] },
      }),
      hashed("expired-1", LESSER_KEYS.expired, { expires: "2020-01-31" }),
      hashed("viewer-1", LESSER_KEYS.viewer, { roles: ["viewer"] }),
    ],
    jwt: {
      jwks: `http://127.0.0.1:${upstream.ports.gamma}/jwks.json?ticket=${JWKS_TICKET}`,
      allowPrivate: true,
      issuer: ISSUER,
      audience: "headgate",
      tenant: "claims.org",
      roles: "claims.roles",
      revoked: ["revoked"],
    },
    policies: [
      { when: { "gateway": "guarded", "metadata.phi": "true" }, allow: { providers: ["anthropic"] } },
      { when: { gateway: "guarded" }, deny: { models: ["gpt-4*"] } },
    ],
  };
}
