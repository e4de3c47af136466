/** Tokens that nobody who checks tokens should take: none is accepted, and none makes anybody fetch anything of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AUDIENCE,
  base64url,
  claims,
  fromBase64url,
  hmac,
  idp,
  ISSUER,
  JWKS,
  mint,
  NOW,
  signer,
  unsigned,
  verdict,
} from "./mint.ts";

const utf8 = new TextEncoder();
const [es, rs, ps, stranger] = await Promise.all([
  signer("ES256"),
  signer("RS256"),
  signer("PS256"),
  signer("ES256", "es256"),
]);
const other = await signer("RS256", "rs256");
const good = await mint(es);
const [head = "", body = "", signature = ""] = good.split(".");
const es256 = { alg: "ES256", kid: es.kid };
const header = (extra: object, base: object = es256) => ({ ...base, ...extra });
const payload = (changes: Record<string, unknown>) => mint(es, claims(changes));
const pem = `-----BEGIN PUBLIC KEY-----\n${
  btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.exportKey("spki", rs.publicKey)))).replace(
    /.{64}/g,
    "$&\n",
  )
}\n-----END PUBLIC KEY-----\n`;
const ZERO = new Uint8Array(64);
const signed = (bytes: Uint8Array) => `${head}.${body}.${base64url(bytes)}`;
const bytes = fromBase64url(signature);
/** The order of P-256: the same signature has a twin with n - s, and one with r + n is out of range. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const big = (part: Uint8Array) => part.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
const part = (value: bigint) =>
  Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * (31 - at))) & 255n));
const rsPair = (r: bigint, s: bigint) => Uint8Array.from([...part(r), ...part(s)]);
/** As DER, which JOSE doesn't use. */
const der = Uint8Array.from([0x30, 68, 2, 32, ...bytes.slice(0, 32), 2, 32, ...bytes.slice(32)]);
const withoutBody = { ...claims() };

/** The next character of base64url: of the last one only the upper bits count. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const after = (character: string) => ALPHABET[ALPHABET.indexOf(character) + 1]!;

const CANARY = "http://canary.test/keys.json";

const forgeries: Record<string, string | Promise<string>> = {
  // No signature.
  "alg none": mint(unsigned, claims(), { alg: "none" }),
  "alg none with a signature": `${base64url('{"alg":"none"}')}.${body}.${signature}`,
  "alg None": mint(es, claims(), header({ alg: "None" })),
  "alg nOnE": mint(unsigned, claims(), { alg: "nOnE" }),
  "alg NONE with a kid": mint(unsigned, claims(), header({ alg: "NONE" })),
  "alg empty": mint(es, claims(), header({ alg: "" })),
  "alg missing": mint(es, claims(), { kid: es.kid }),
  "alg null": mint(es, claims(), header({ alg: null })),
  "alg a list": mint(es, claims(), header({ alg: ["ES256"] })),
  "alg an object": mint(es, claims(), header({ alg: { toString: "ES256" } })),
  "alg es256 in small letters": mint(es, claims(), header({ alg: "es256" })),
  "alg with a space": mint(es, claims(), header({ alg: "ES256 " })),
  "alg with a NUL": mint(es, claims(), header({ alg: "ES256\0" })),
  "alg __proto__": mint(es, claims(), '{"alg":"__proto__"}'),
  "no signature": `${head}.${body}.`,
  "no signature and no dot": `${head}.${body}`,
  "an empty body": `${head}..${signature}`,
  // Confusion of algorithms.
  "HS256 with the RSA key in PEM": mint(hmac(utf8.encode(pem)), claims(), { alg: "HS256", kid: rs.kid }),
  "HS256 with the RSA key in PEM, trimmed": mint(hmac(utf8.encode(pem.trim())), claims(), {
    alg: "HS256",
    kid: rs.kid,
  }),
  "HS256 with the key's modulus": mint(hmac(fromBase64url(String(rs.jwk["n"]))), claims(), {
    alg: "HS256",
    kid: rs.kid,
  }),
  "HS256 with the key as JSON": mint(hmac(utf8.encode(JSON.stringify(rs.jwk))), claims(), {
    alg: "HS256",
    kid: rs.kid,
  }),
  "HS256 with the curve's x": mint(hmac(fromBase64url(String(es.jwk["x"]))), claims(), { alg: "HS256", kid: es.kid }),
  "HS256 with an empty key": mint(hmac(ZERO.slice(0, 1)), claims(), { alg: "HS256" }),
  "HS384 with the PEM": mint(hmac(utf8.encode(pem), "SHA-384"), claims(), { alg: "HS384", kid: rs.kid }),
  "HS512 with the PEM": mint(hmac(utf8.encode(pem), "SHA-512"), claims(), { alg: "HS512", kid: rs.kid }),
  "RS256 under the EC key's id": mint(rs, claims(), { alg: "RS256", kid: es.kid }),
  "PS256 by the RS256 key's id": mint(ps, claims(), { alg: "PS256", kid: rs.kid }),
  "ES256 signature under RS256": `${base64url(JSON.stringify({ alg: "RS256", kid: rs.kid }))}.${body}.${signature}`,
  "ES384 by a key of P-256": mint(es, claims(), header({ alg: "ES384" })),
  "ES256K": mint(es, claims(), header({ alg: "ES256K" })),
  "RS1": mint(rs, claims(), { alg: "RS1", kid: rs.kid }),
  // Somebody else's key.
  "another key under our id": mint(stranger),
  "another RSA key under our id": mint(other),
  "kid traversal": mint(stranger, claims(), header({ kid: "../../../../dev/null" })),
  "kid traversal with an empty secret": mint(hmac(new Uint8Array(1)), claims(), {
    alg: "HS256",
    kid: "../../../../dev/null",
  }),
  "kid a URL": mint(stranger, claims(), header({ kid: CANARY })),
  "kid a file": mint(stranger, claims(), header({ kid: "file:///etc/passwd" })),
  "kid SQL": mint(stranger, claims(), header({ kid: "x' UNION SELECT 'key' -- " })),
  "kid a command": mint(stranger, claims(), header({ kid: "key|/usr/bin/id" })),
  "kid LDAP": mint(stranger, claims(), header({ kid: "*)(uid=*" })),
  "kid __proto__": mint(stranger, claims(), '{"alg":"ES256","kid":"__proto__"}'),
  "kid a number": mint(es, claims(), header({ kid: 0 })),
  "kid null": mint(es, claims(), header({ kid: null })),
  "kid a list": mint(es, claims(), header({ kid: [es.kid] })),
  "kid endless": mint(es, claims(), header({ kid: es.kid.padEnd(600, "x") })),
  "jku": mint(stranger, claims(), header({ jku: CANARY })),
  "jku of our own": mint(es, claims(), header({ jku: JWKS })),
  "jku with a user name": mint(stranger, claims(), header({ jku: "https://idp.test@canary.test/jwks.json" })),
  "x5u": mint(stranger, claims(), header({ x5u: CANARY })),
  "jwk": mint(stranger, claims(), header({ jwk: stranger.jwk })),
  "jwk of another id": mint(stranger, claims(), { alg: "ES256", kid: "mine", jwk: { ...stranger.jwk, kid: "mine" } }),
  "x5c": mint(stranger, claims(), header({ x5c: ["MIIB"] })),
  // Claims.
  "iss missing": mint(es, (({ iss: _, ...rest }) => rest)(withoutBody)),
  "iss of another": payload({ iss: "https://evil.test" }),
  "iss with a slash more": payload({ iss: `${ISSUER}/` }),
  "iss in capitals": payload({ iss: ISSUER.toUpperCase() }),
  "iss a list": payload({ iss: [ISSUER] }),
  "iss an object": payload({ iss: { [ISSUER]: 1 } }),
  "aud missing": mint(es, (({ aud: _, ...rest }) => rest)(withoutBody)),
  "aud of another": payload({ aud: "other" }),
  "aud empty": payload({ aud: [] }),
  "aud a prefix": payload({ aud: AUDIENCE.slice(0, -1) }),
  "aud with more": payload({ aud: `${AUDIENCE}.evil.test` }),
  "aud an object": payload({ aud: { 0: AUDIENCE } }),
  "aud true": payload({ aud: true }),
  "exp missing": mint(es, (({ exp: _, ...rest }) => rest)(withoutBody)),
  "exp a second over, the tolerance included": payload({ exp: NOW - 5 }),
  "exp long over": payload({ exp: 1 }),
  "exp 0": payload({ exp: 0 }),
  "exp negative": payload({ exp: -NOW }),
  "exp text": payload({ exp: String(NOW + 300) }),
  "exp null": payload({ exp: null }),
  "exp a list": payload({ exp: [NOW + 300] }),
  "exp in milliseconds": payload({ exp: (NOW + 300) * 1000 }),
  "exp in ten years": payload({ exp: NOW + 315_360_000 }),
  "exp 1e400": mint(es, JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e400')),
  "exp 1e308": mint(es, JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e308')),
  "nbf in the future": payload({ nbf: NOW + 6 }),
  "nbf text": payload({ nbf: "now" }),
  "iat missing": mint(es, (({ iat: _, ...rest }) => rest)(withoutBody)),
  "iat in the future": payload({ iat: NOW + 60 }),
  "iat two days ago": payload({ iat: NOW - 172_800 }),
  "iat text": payload({ iat: "2027" }),
  "iat -1e400": mint(es, JSON.stringify(claims()).replace(/"iat":\d+/, '"iat":-1e400')),
  "jti a number": payload({ jti: 7 }),
  "jti revoked": payload({ jti: "revoked" }),
  "tenant missing": mint(es, (({ org: _, ...rest }) => rest)(withoutBody)),
  // Spellings.
  "padding": `${good}=`,
  "padding of the body": `${head}.${body}=.${signature}`,
  "a space in the signature": `${head}.${body}.${signature.slice(0, 10)} ${signature.slice(10)}`,
  "a line in the body": `${head}.${body.slice(0, 8)}\n${body.slice(8)}.${signature}`,
  "a space before": ` ${good}`,
  "standard base64": `${head}.${body}.${signature.replace(/-/g, "+").replace(/_/g, "/")}+`,
  "bits left over": `${head}.${body}.${signature.slice(0, -1)}${after(signature.at(-1)!)}`,
  "a character that is none": `${head}.${body}.${signature.slice(0, -1)}!`,
  "four parts": `${good}.${signature}`,
  "a dot before": `.${good}`,
  "a part of one character": `${head}.${body}.A`,
  "a header named twice": mint(es, claims(), `{"alg":"none","kid":"${es.kid}","alg":"ES256"}`),
  "a kid named twice": mint(es, claims(), `{"alg":"ES256","kid":"x","kid":"${es.kid}"}`),
  "an escaped second alg": mint(es, claims(), `{"alg":"ES256","\\u0061lg":"ES256","kid":"${es.kid}"}`),
  "a claim named twice": mint(es, JSON.stringify(claims()).replace("{", '{"org":"beta",')),
  "an exp named twice": mint(es, JSON.stringify(claims()).replace("{", '{"exp":1,')),
  "a header with a mark of bytes": mint(es, claims(), `\ufeff${JSON.stringify(es256)}`),
  "a header that is a list": mint(es, claims(), "[]"),
  "a header that is text": mint(es, claims(), '"ES256"'),
  "a body that is a list": mint(es, [claims()]),
  "a body that is null": mint(es, "null"),
  "a body that is no JSON": mint(es, "alice"),
  "a body of broken UTF-8": (async () => {
    const text = `${head}.${base64url(Uint8Array.from([...utf8.encode('{"iss":"'), 0xff, ...utf8.encode('"}')]))}`;
    return `${text}.${base64url(await es.sign(text))}`;
  })(),
  "a body nested deeply": mint(es, `{"iss":"${ISSUER}","a":${"[".repeat(5000)}${"]".repeat(5000)}}`),
  "oversized": payload({ x: "x".repeat(10_000) }),
  // What is said to be understood.
  "crit unknown": mint(es, claims(), header({ crit: ["x"], x: 1 })),
  "crit exp": mint(es, claims(), header({ crit: ["exp"], exp: NOW + 300 })),
  "crit empty": mint(es, claims(), header({ crit: [] })),
  "crit b64": mint(es, claims(), header({ crit: ["b64"], b64: false })),
  "b64 false, unencoded": (async () => {
    const first = base64url(JSON.stringify(header({ crit: ["b64"], b64: false })));
    return `${first}.${JSON.stringify(claims())}.${base64url(await es.sign(`${first}.${JSON.stringify(claims())}`))}`;
  })(),
  "b64 false without crit": mint(es, claims(), header({ b64: false })),
  "zip": mint(es, claims(), header({ zip: "DEF" })),
  "a detached body": (async () => `${head}..${base64url(await es.sign(`${head}.${body}`))}`)(),
  "a nested token": mint(es, good, header({ cty: "JWT" })),
  "cty": mint(es, claims(), header({ cty: "JWT" })),
  "a JWE": `${base64url('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.AAAA.AAAA.AAAA.AAAA`,
  "a JWE by dir": `${base64url('{"alg":"dir","enc":"A256GCM"}')}..AAAA.AAAA.AAAA`,
  "enc in a header": mint(es, claims(), header({ enc: "A256GCM" })),
  "JSON serialization": JSON.stringify({ protected: head, payload: body, signature }),
  "a logout token": mint(es, claims(), header({ typ: "logout+jwt" })),
  "a DPoP proof": mint(es, claims(), header({ typ: "dpop+jwt" })),
  "typ a list": mint(es, claims(), header({ typ: ["JWT"] })),
  // Signatures.
  "r and s zero": signed(ZERO),
  "r zero": signed(rsPair(0n, big(bytes.slice(32)))),
  "s zero": signed(rsPair(big(bytes.slice(0, 32)), 0n)),
  "r and s one": signed(rsPair(1n, 1n)),
  "r the order": signed(rsPair(N, big(bytes.slice(32)))),
  "r and s the order": signed(rsPair(N, N)),
  "s and the order": signed(rsPair(big(bytes.slice(0, 32)), (big(bytes.slice(32)) + N) % (1n << 256n))),
  "all ones": signed(ZERO.map(() => 255)),
  "r and s swapped": signed(Uint8Array.from([...bytes.slice(32), ...bytes.slice(0, 32)])),
  "in DER": signed(der),
  "a byte short": signed(bytes.slice(0, 63)),
  "a byte long": signed(Uint8Array.from([...bytes, 0])),
  "a bit changed": signed(bytes.map((byte, at) => at === 40 ? byte ^ 1 : byte)),
  "the signature of another body": `${head}.${base64url(JSON.stringify(claims({ org: "beta" })))}.${signature}`,
  "the signature of another header": `${base64url(JSON.stringify(header({ typ: "at+jwt" })))}.${body}.${signature}`,
  "an empty RSA signature": `${base64url(JSON.stringify({ alg: "RS256", kid: rs.kid }))}.${body}.${
    base64url(new Uint8Array(256))
  }`,
};

test(`none of ${Object.keys(forgeries).length} forged tokens is accepted, and none makes anybody fetch what it names`, async () => {
  const provider = idp([es, rs, ps], { revoked: ["revoked"] });
  assert.equal(verdict(await provider.read(good)), "accepted");
  for (const [name, made] of Object.entries(forgeries)) {
    const token = await made;
    assert.notEqual(token, good, name);
    assert.notEqual(verdict(await provider.read(token)), "accepted", name);
  }
  assert.deepEqual(new Set(provider.fetched), new Set([JWKS]));
  assert.equal(provider.fetched.length, 1);
});

test("what is at the edge is still good: a second before the end, clocks five seconds apart, an audience among others", async () => {
  const provider = idp([es, rs, ps]);
  for (
    const changes of [
      { exp: NOW - 4 },
      { nbf: NOW + 5 },
      { iat: NOW + 5 },
      { iat: NOW - 86_400 },
      { aud: ["other", AUDIENCE] },
      { exp: NOW + 86_400 },
      { jti: undefined },
    ]
  ) assert.equal(verdict(await provider.read(await payload(changes))), "accepted", JSON.stringify(changes));
  for (const typ of ["JWT", "jwt", "at+jwt", "application/at+jwt", undefined]) {
    assert.equal(verdict(await provider.read(await mint(es, claims(), header({ typ })))), "accepted", typ);
  }
});

test("a signature's twin is as good as it, so that a token is revoked by its id and not by its text", async () => {
  const twin = signed(rsPair(big(bytes.slice(0, 32)), N - big(bytes.slice(32))));
  assert.notEqual(twin, good);
  assert.equal(verdict(await idp([es]).read(twin)), "accepted");
  assert.equal(verdict(await idp([es], { revoked: ["t-1"] }).read(twin)), "revoked");
});

test("two keys without an id are no choice, and a private one is no key", async () => {
  const bare = ({ kid: _, ...jwk }: Record<string, unknown>) => jwk;
  const provider = idp([]);
  provider.keys = [bare(es.jwk), bare(stranger.jwk)];
  assert.equal(verdict(await provider.read(await mint(es, claims(), { alg: "ES256" }))), "signature");
  const leaky = idp([]);
  leaky.keys = [{ ...await crypto.subtle.exportKey("jwk", es.privateKey), kid: es.kid, key_ops: ["verify"] }];
  assert.equal(verdict(await leaky.read(good)), "signature");
  const symmetric = idp([]);
  symmetric.keys = [{ kty: "oct", k: base64url("a secret that was published"), kid: "s", alg: "HS256" }];
  const by = hmac(utf8.encode("a secret that was published"));
  assert.equal(verdict(await symmetric.read(await mint(by, claims(), { alg: "HS256", kid: "s" }))), "algorithm");
});
