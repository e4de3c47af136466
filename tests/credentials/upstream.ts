/** A house whose way out knows which credential came, and an issuer of tokens beside its providers. */
import type { Outbound } from "../../src/call.ts";
import { type House, house } from "../core/house.ts";
import type { Options } from "../../mod.ts";
import { aws, entra, google } from "../../src/signing.ts";

export const SIGNERS = [aws(), google(), entra()];

/** A key of Google's form that is nobody's, and its public half. */
export async function keyPair(): Promise<{ readonly pem: string; readonly publicPem: string }> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  };
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const pem = (label: string, bytes: ArrayBuffer) =>
    `-----BEGIN ${label}-----\n${
      btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/.{64}/g, "$&\n")
    }\n-----END ${label}-----\n`;
  return {
    pem: pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", privateKey)),
    publicPem: pem("PUBLIC KEY", await crypto.subtle.exportKey("spki", publicKey)),
  };
}

export const headerOf = ({ headers }: Outbound, name: string): string | undefined =>
  headers.find(([other]) => other === name)?.[1];

export const formOf = ({ body }: Outbound): URLSearchParams =>
  new URLSearchParams(new TextDecoder().decode(body as Uint8Array));

/** Answers by the key in `authorization`: a status, or a whole answer. */
export function keyed(
  answers: (key: string, outbound: Outbound) => Response | Promise<Response>,
  options: Options,
): House {
  return house((outbound) => answers((headerOf(outbound, "authorization") ?? "").replace("Bearer ", ""), outbound), {
    signers: SIGNERS,
    ...options,
  });
}

/** The keys that were shown, in order. */
export const shownKeys = ({ sent }: House): readonly string[] =>
  sent.map((outbound) => (headerOf(outbound, "authorization") ?? "").replace("Bearer ", ""));
