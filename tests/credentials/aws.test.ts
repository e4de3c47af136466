import assert from "node:assert/strict";
import { test } from "node:test";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Outbound } from "../../src/call.ts";
import type { AwsAccount } from "../../src/providers/account.ts";
import { completion } from "../core/house.ts";
import { headerOf, keyed } from "./upstream.ts";

const account: AwsAccount = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const json = { "content-type": "application/json" };
const body = '{"messages":[{"role":"user","content":[{"text":"h\u00e9 \\ud83d\\ude00"}]}]}';

/** The parts of an `authorization` header. */
function partsOf(outbound: Outbound) {
  const [, key, scope, names, signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/
      .exec(headerOf(outbound, "authorization") ?? "") ?? [];
  assert.ok(key !== undefined && scope !== undefined && names !== undefined && signature !== undefined);
  return { key, scope, names: names.split(";"), signature };
}

/** The signature that the SDK's own implementation gives to exactly what left. */
async function expected(
  { url, method, headers, body }: Outbound,
  { region, service }: Record<string, string>,
  account: AwsAccount,
  names: readonly string[],
) {
  const date = headers.find(([name]) => name === "x-amz-date")?.[1].replace(
    /(....)(..)(..)T(..)(..)(..)Z/,
    "$1-$2-$3T$4:$5:$6Z",
  );
  const { accessKeyId, secretAccessKey, sessionToken } = account;
  const signer = new SignatureV4({
    service: service!,
    region: region!,
    sha256: Sha256,
    credentials: { accessKeyId, secretAccessKey, ...sessionToken === undefined ? {} : { sessionToken } },
  });
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  const left = Object.fromEntries(
    headers.filter(([name]) => names.includes(name) && name !== "authorization" && name !== "x-amz-date"),
  );
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.host,
    path: url.pathname,
    query,
    headers: { ...left, host: url.host },
    body: body ?? undefined,
  }, { signingDate: new Date(date ?? ""), signableHeaders: new Set(names) });
  return /Signature=(\w+)/.exec(signed.headers["authorization"] ?? "")?.[1];
}

async function left(path: string, init: RequestInit = {}, more: Partial<AwsAccount> = {}, origin?: string) {
  const key = { ...account, ...more };
  const home = keyed(() => completion(), {
    providers: { "aws-bedrock": { key, ...origin === undefined ? {} : { origin } } },
  });
  const answer = await home.ask(`/v1/acc/default/aws-bedrock/${path}`, {
    method: "POST",
    headers: json,
    body,
    ...init,
  });
  assert.equal(answer.status, 200, await answer.text());
  assert.equal(home.sent.length, 1);
  return home.sent[0]!;
}

const ARN = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3";

test("what leaves for Bedrock is signed as AWS's own implementation signs it", async () => {
  const runtime = (region: string) => ({ region, service: "bedrock" });
  const cases: [string, Record<string, string>, RequestInit?, Partial<AwsAccount>?, string?][] = [
    ["bedrock-runtime/us-east-1/model/anthropic.claude-v1/converse", runtime("us-east-1")],
    ["bedrock-runtime/eu-central-1/model/anthropic.claude-v1:0/converse-stream", runtime("eu-central-1")],
    ["bedrock-runtime/eu-central-1/model/anthropic.claude-v1%3A0/invoke-with-response-stream", runtime("eu-central-1")],
    [`bedrock-runtime/eu-central-1/model/${encodeURIComponent(ARN)}/converse`, runtime("eu-central-1")],
    ["bedrock-runtime/us-west-2/model/m/converse", runtime("us-west-2"), {}, { sessionToken: "IQoJb3JpZ2luX2VjE+/=" }],
    ["bedrock-runtime/us-west-2/openai/v1/chat/completions", runtime("us-west-2")],
    ["bedrock-mantle/us-east-1/anthropic/v1/messages", { region: "us-east-1", service: "bedrock-mantle" }],
    [
      "bedrock-runtime/us-east-1/async-invoke?statusEquals=Completed&maxResults=5&nextToken=a%2Fb%3D%3D+c",
      runtime("us-east-1"),
      { method: "GET", body: null },
    ],
    ["bedrock-runtime/us-east-1/model/m/invoke", runtime("us-east-1"), {
      headers: {
        ...json,
        "x-amzn-bedrock-accept": "*/*",
        "x-amz-bedrock-trace": "ENABLED",
        // A client's own leftovers are signed over.
        "x-amz-date": "20200101T000000Z",
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
      },
    }],
    [
      "bedrock-runtime/us-gov-west-1/model/m/converse",
      runtime("us-gov-west-1"),
      {},
      {},
      "https://vpce-1.example.com/in",
    ],
  ];
  for (const [path, scope, init, more, origin] of cases) {
    const outbound = await left(path, init, more, origin);
    const { key, scope: signedScope, names, signature } = partsOf(outbound);
    const date = headerOf(outbound, "x-amz-date") ?? "";
    assert.equal(key, "AKIDEXAMPLE");
    assert.equal(signedScope, `${date.slice(0, 8)}/${scope["region"]}/${scope["service"]}/aws4_request`);
    assert.equal(signature, await expected(outbound, scope, { ...account, ...more }, names), path);
    const mustBeSigned = outbound.headers.map(([name]) => name).filter((name) => name.startsWith("x-amz-"));
    assert.deepEqual(["host", ...mustBeSigned].filter((name) => !names.includes(name)), []);
    assert.equal(new Set(outbound.headers.map(([name]) => name)).size, outbound.headers.length, "a header came twice");
    assert.equal(headerOf(outbound, "x-amz-security-token"), more?.sessionToken);
    const sha = await crypto.subtle.digest("SHA-256", (outbound.body ?? new Uint8Array()) as Uint8Array<ArrayBuffer>);
    assert.equal(
      headerOf(outbound, "x-amz-content-sha256"),
      Array.from(new Uint8Array(sha), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    );
  }
});

test("one spelling of a model is signed, however the client spells it, and its bytes stay", async () => {
  const plain = await left("bedrock-runtime/us-east-1/model/a.b-v1:0/converse");
  const encoded = await left("bedrock-runtime/us-east-1/model/a.b-v1%3A0/converse");
  assert.equal(plain.url.href, "https://bedrock-runtime.us-east-1.amazonaws.com/model/a.b-v1%3A0/converse");
  assert.equal(encoded.url.href, plain.url.href);
  assert.equal(new TextDecoder().decode(plain.body as Uint8Array), body);
  const arn = await left(`bedrock-runtime/us-east-1/model/${encodeURIComponent(ARN)}/converse`);
  assert.ok(arn.url.pathname.includes("application-inference-profile%2Fa1b2c3/converse"), arn.url.pathname);
});

test("a Bedrock API key stays a bearer token, and a client's own signature passes untouched", async () => {
  const home = keyed(() => completion(), { providers: { "aws-bedrock": { key: "bedrock-api-key-1" } } });
  const path = "/aws-bedrock/bedrock-runtime/us-east-1/model/m:0/converse";
  await home.ask(path, { method: "POST", headers: json, body });
  assert.equal(headerOf(home.sent[0]!, "authorization"), "Bearer bedrock-api-key-1");
  assert.equal(home.sent[0]!.url.pathname, "/model/m:0/converse");
  const own = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00";
  const headers = { ...json, authorization: own, "x-amz-date": "20260101T000000Z", "x-amz-security-token": "t" };
  await home.ask(path, { method: "POST", headers, body });
  for (const name of ["authorization", "x-amz-date", "x-amz-security-token"] as const) {
    assert.equal(headerOf(home.sent[1]!, name), headers[name]);
  }
});

test("an account as JSON, plain or in base64, and a client's own are signed with, too", async () => {
  const path = "/aws-bedrock/bedrock-runtime/us-east-1/model/m/converse";
  const text = JSON.stringify(account);
  for (const key of [text, btoa(text), `\n${btoa(text)}\n`]) {
    const home = keyed(() => completion(), { providers: { "aws-bedrock": { key } } });
    await home.ask(path, { method: "POST", headers: json, body });
    assert.equal(partsOf(home.sent[0]!).key, "AKIDEXAMPLE");
  }
  const home = keyed(() => completion(), { providers: { "aws-bedrock": { key: "stored" } } });
  await home.ask(path, { method: "POST", headers: { ...json, authorization: `Bearer ${btoa(text)}` }, body });
  assert.equal(partsOf(home.sent[0]!).key, "AKIDEXAMPLE");
});

test("a unified call goes to the account's region", async () => {
  const home = keyed(() => completion(), {
    providers: { "aws-bedrock": { key: { ...account, region: "eu-west-1" } } },
  });
  await home.ask("/compat/chat/completions", {
    method: "POST",
    headers: json,
    body: '{"model":"aws-bedrock/m","messages":[]}',
  });
  const [sent] = home.sent;
  assert.equal(sent?.url.href, "https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1/chat/completions");
  assert.match(partsOf(sent!).scope, /\/eu-west-1\/bedrock\//);
});

test("a retry is signed anew, and an upload, whose bytes nobody has, is refused", async () => {
  let now = 0;
  const home = keyed(() => ++now === 1 ? new Response("{}", { status: 503 }) : completion(), {
    providers: { "aws-bedrock": { key: { ...account } } },
    gateways: { default: { retry: { attempts: 2, delay: 0 } } },
  });
  const path = "/aws-bedrock/bedrock-runtime/us-east-1/model/m/converse";
  assert.equal((await home.ask(path, { method: "POST", headers: json, body })).status, 200);
  assert.equal(home.sent.length, 2);
  for (const outbound of home.sent) {
    const { names, signature } = partsOf(outbound);
    assert.equal(signature, await expected(outbound, { region: "us-east-1", service: "bedrock" }, account, names));
  }
  const upload = await home.ask(path, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: new Uint8Array(2048),
  });
  assert.equal(upload.status, 400);
  assert.match(await upload.text(), /can't be signed/);
});
