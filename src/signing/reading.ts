/**
 * Accounts as they come, and requests as they leave.
 *
 * @module
 */
import { fromBase64 } from "../base64.ts";
import type { Outbound } from "../call.ts";
import { GatewayError } from "../errors.ts";
import { isObject } from "../json.ts";
import type { Account, Credential } from "../providers/account.ts";
import type { Order } from "../providers/signer.ts";

/** The account that a credential holds as an object, or as JSON, plain or in base64; `undefined` where it holds none. */
export function accountIn(credential: Credential): Account | undefined {
  const value: unknown = typeof credential === "string" ? parsed(credential.trim()) : credential;
  return isObject(value) ? value as unknown as Account : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.startsWith("{") ? text : decoded(text));
  } catch {
    return undefined;
  }
}

const decoded = (text: string): string =>
  new TextDecoder().decode(fromBase64(text.replace(/\s/g, "").replace(/-/g, "+").replace(/_/g, "/")));

/** What signing adds: headers, which replace those of the same name, and where the request goes if not where it did. */
export interface Addition {
  readonly headers: readonly (readonly [string, string])[];
  readonly url?: URL;
}

/**
 * The request with what signing adds to it.
 *
 * @throws {GatewayError} Whatever goes wrong: no other error tells what it was signed with.
 */
export async function completed({ request, provider }: Order, addition: () => Promise<Addition>): Promise<Outbound> {
  try {
    const { headers, url = request.url } = await addition();
    const stays = ([name]: readonly [string, string]) => !headers.some(([other]) => other === name);
    return { ...request, url, headers: [...request.headers.filter(stays), ...headers] };
  } catch (cause) {
    if (cause instanceof GatewayError || request.signal.aborted) throw cause;
    const message = `Check the credential for "${provider.id}": nothing could be signed with it.`;
    throw new GatewayError("credential_refused", message, { cause });
  }
}
