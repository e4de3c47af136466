/**
 * AWS Signature Version 4, for Bedrock.
 *
 * @module
 */
import { AwsV4Signer } from "aws4fetch";
import type { Outbound } from "../call.ts";
import { CLOCK } from "../clock.ts";
import { hexOf } from "../digest.ts";
import { GatewayError } from "../errors.ts";
import type { Account, AwsAccount } from "../providers/account.ts";
import type { Order, Signer } from "../providers/signer.ts";
import { accountIn, type Addition, completed } from "./reading.ts";
import type { SigningOptions } from "./tokens.ts";

/** Keys derived of a secret for a day, a region and a service. */
type Derived = Map<string, ArrayBuffer>;

/** As many as are kept; each account has one a day for each of its regions. */
const MOST_DERIVED = 256;

/** Signs with access keys of AWS. */
export function aws({ clock = CLOCK }: SigningOptions = {}): Signer {
  const derived: Derived = new Map();
  return {
    reads: (credential) => {
      const account = accountIn(credential);
      return account !== undefined && isAws(account) ? account : undefined;
    },
    problem(account, { id, auth }) {
      if (auth.kind !== "sigv4") return `is an account of AWS, which "${id}" doesn't take; give a key of its own`;
      return isAws(account) ? problemOf(account) : "is no account of AWS";
    },
    async sign(order) {
      if (derived.size >= MOST_DERIVED) derived.clear();
      return await completed(order, () => signed(order, clock.now(), derived));
    },
  };
}

const isAws = (account: Account): account is AwsAccount => "accessKeyId" in account || "secretAccessKey" in account;

function problemOf({ accessKeyId, secretAccessKey, sessionToken, region }: AwsAccount): string | undefined {
  const isKey = (value: unknown) => typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
  if (!isKey(accessKeyId)) return "has no accessKeyId that could be one; copy it from AWS";
  if (!isKey(secretAccessKey)) return "has no secretAccessKey that could be one; copy it from AWS";
  if (sessionToken !== undefined && !isKey(sessionToken)) return "has a sessionToken that can't be one; copy it whole";
  return region === undefined || /^[a-z]{2}(?:-[a-z0-9]+)+$/.test(region)
    ? undefined
    : "has a region that can't be one; write it like eu-central-1";
}

/** Service and region, as a path below the provider says them. */
const PLACE = /^(bedrock-runtime|bedrock-mantle)\/([^/]+)\//;

async function signed({ account, request, path, provider }: Order, now: number, cache: Derived): Promise<Addition> {
  if (!isAws(account)) throw new TypeError("no account of AWS");
  const [, name, region = account.region] = PLACE.exec(path) ?? [];
  const url = canonical(request.url);
  const { accessKeyId, secretAccessKey, sessionToken } = account;
  const signer = new AwsV4Signer({
    accessKeyId,
    secretAccessKey,
    ...sessionToken === undefined ? {} : { sessionToken },
    region: region ?? "us-east-1",
    service: name === "bedrock-mantle" ? name : "bedrock",
    url: url.href,
    method: request.method,
    headers: [...signable(request), ["x-amz-content-sha256", await payloadHash(request, provider.id)]],
    datetime: new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    cache,
    allHeaders: true,
  });
  const { headers } = await signer.sign();
  const names = ["authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"];
  return { url, headers: names.flatMap((name) => headers.has(name) ? [[name, headers.get(name)!]] : []) };
}

/**
 * What must be signed and nothing else: whatever stands between may then change the rest. What signing sets itself, a
 * client's own is not taken for.
 */
function signable({ headers }: Outbound): [string, string][] {
  const isSet = (name: string) => /^x-amz-(?:content-sha256|date|security-token)$/.test(name);
  return headers.flatMap(([name, value]): [string, string][] =>
    name === "content-type" || (name.startsWith("x-amz-") && !isSet(name)) ? [[name, value]] : []
  );
}

/** SHA-256 of exactly the bytes that leave, in hex. */
async function payloadHash({ body }: Outbound, provider: string): Promise<string> {
  if (body !== null && !(body instanceof Uint8Array)) {
    throw new GatewayError(
      "invalid_request",
      `Send JSON to "${provider}": an upload streams through, and its bytes can't be signed before.`,
    );
  }
  return hexOf(await crypto.subtle.digest("SHA-256", body ?? new Uint8Array()));
}

/**
 * A URL in the one spelling that its receiver may come to by either way, decoding or not: `:` and `%3A` are the same to
 * a server, and not to a signature.
 */
function canonical(url: URL): URL {
  const spelled = new URL(url);
  spelled.pathname = url.pathname.split("/").map((part) => strict(decodedPart(part))).join("/");
  spelled.search = [...url.searchParams].map((pair) => pair.map(strict).join("=")).join("&");
  return spelled;
}

function decodedPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const strict = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
