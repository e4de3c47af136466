import assert from "node:assert/strict";
import { test } from "node:test";
import jwt from "jsonwebtoken";
import type { Outbound } from "../../src/call.ts";
import type { Clock } from "../../src/clock.ts";
import type { GoogleAccount } from "../../src/providers/account.ts";
import { google } from "../../src/signing.ts";
import { judge } from "../../src/signing/tokens.ts";
import { completion, type House, house } from "../core/house.ts";
import type { Options } from "../../mod.ts";
import { formOf, headerOf, keyPair } from "./upstream.ts";

const { pem, publicPem } = await keyPair();
const TOKEN_URI = "https://oauth2.googleapis.com/token";
const account: GoogleAccount = {
  type: "service_account",
  project_id: "my-project",
  private_key_id: "key-1",
  private_key: pem,
  client_email: "gw@my-project.iam.gserviceaccount.com",
  token_uri: TOKEN_URI,
};
const json = { "content-type": "application/json" };
const ask: RequestInit = { method: "POST", headers: json, body: '{"contents":[]}' };
const path = "/google-vertex-ai/v1/projects/p/locations/us-central1/publishers/google/models/m:generateContent";

/** Time that stands still. */
class Time implements Clock {
  at = 1_800_000_000_000;
  now = () => this.at;
  random = () => 0.5;
  wait = () => Promise.resolve();
}

interface Issuer {
  readonly home: House;
  readonly time: Time;
  /** Questions to the issuer. */
  readonly asked: Outbound[];
  /** Tokens that the provider was shown. */
  readonly shown: () => (string | undefined)[];
}

/** A house whose account is minted for by a double of Google's issuer, that verifies what it gets. */
function issued(
  answer: (count: number, time: Time) => Response | Promise<Response>,
  options: Options = {},
  key: GoogleAccount | string = account,
): Issuer {
  const time = new Time();
  const asked: Outbound[] = [];
  const home = house(async (outbound) => {
    if (!outbound.url.pathname.endsWith("/token")) return completion();
    asked.push(outbound);
    return await answer(asked.length, time);
  }, { providers: { "google-vertex-ai": { key } }, signers: [google({ clock: time })], ...options });
  const shown = () =>
    home.sent.filter(({ url }) => !url.pathname.endsWith("/token")).map((outbound) =>
      headerOf(outbound, "authorization")
    );
  return { home, time, asked, shown };
}

const token = (count: number) =>
  Response.json({ access_token: `ya29.t${count}`, expires_in: 3600, token_type: "Bearer" });

test("a service account's assertion is what Google asks for, and the token is the bearer", async () => {
  const { home, time, asked, shown } = issued(token);
  const answer = await home.ask(path, ask);
  assert.equal(answer.status, 200, await answer.text());
  assert.deepEqual(shown(), ["Bearer ya29.t1"]);
  const [question] = asked;
  assert.deepEqual([question?.url.href, question?.method], [TOKEN_URI, "POST"]);
  assert.equal(headerOf(question!, "content-type"), "application/x-www-form-urlencoded");
  const form = formOf(question!);
  assert.equal(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const told = jwt.verify(form.get("assertion") ?? "", publicPem, {
    algorithms: ["RS256"],
    issuer: account.client_email,
    audience: TOKEN_URI,
    complete: true,
    clockTimestamp: time.at / 1000,
  });
  assert.deepEqual(told.header, { alg: "RS256", typ: "JWT", kid: "key-1" });
  const { scope, iat = 0, exp = 0 } = told.payload as jwt.JwtPayload;
  assert.deepEqual([scope, exp - iat], ["https://www.googleapis.com/auth/cloud-platform", 3600]);
  assert.ok(iat <= time.at / 1000);
});

test("fifty calls at once share one mint", async () => {
  const { home, asked, shown } = issued(async (count) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return token(count);
  });
  const answers = await Promise.all(Array.from({ length: 50 }, () => home.ask(path, ask)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(asked.length, 1);
  assert.deepEqual(new Set(shown()), new Set(["Bearer ya29.t1"]));
});

test("a token is kept until shortly before its end: the next is minted meanwhile, and an old one never shown", async () => {
  const { home, time, asked, shown } = issued(token);
  const call = async (afterSeconds: number) => {
    time.at += afterSeconds * 1000;
    await home.ask(path, ask);
    await home.records();
    return shown().at(-1);
  };
  assert.equal(await call(0), "Bearer ya29.t1");
  assert.equal(await call(3299), "Bearer ya29.t1");
  assert.equal(asked.length, 1);
  assert.equal(await call(2), "Bearer ya29.t1");
  assert.equal(asked.length, 2);
  assert.equal(await call(0), "Bearer ya29.t2");
  assert.equal(await call(3570), "Bearer ya29.t3");
  assert.equal(asked.length, 3);
});

test("a failure while there is a good token is nobody's affair, and of tokens that are over it is", async () => {
  const { home, time, asked, shown } = issued((count) =>
    count === 1 ? token(1) : new Response("down", { status: 503 })
  );
  await home.ask(path, ask);
  time.at += 3400_000;
  for (let count = 0; count < 3; count++) {
    assert.equal((await home.ask(path, ask)).status, 200);
    await home.records();
  }
  assert.equal(asked.length, 2);
  assert.deepEqual(new Set(shown()), new Set(["Bearer ya29.t1"]));
  time.at += 150_000;
  const answer = await home.ask(path, ask);
  assert.equal(answer.status, 502);
  assert.match(await answer.text(), /issuer of tokens for \\?"google-vertex-ai\\?" answered with status 503/);
});

test("a clock that is wrong is put right by the issuer's, once", async () => {
  const aheadMs = 20 * 60_000;
  const late = (time: Time) => ({ date: new Date(time.at - aheadMs).toUTCString() });
  const { home, time, asked } = issued((count, time) =>
    count === 1 ? Response.json({ error: "invalid_grant" }, { status: 400, headers: late(time) }) : token(count)
  );
  assert.equal((await home.ask(path, ask)).status, 200);
  assert.equal(asked.length, 2);
  const { iat = 0 } = jwt.decode(formOf(asked[1]!).get("assertion") ?? "", { json: true }) ?? {};
  const theirs = (time.at - aheadMs) / 1000;
  assert.ok(iat <= theirs && iat > theirs - 120, `${iat} ${theirs}`);
  const refused = issued((_, time) => Response.json({ error: "invalid_grant" }, { status: 400, headers: late(time) }));
  assert.equal((await refused.home.ask(path, ask)).status, 502);
  assert.equal(refused.asked.length, 2);
});

test("what the issuer says is told in a sentence that holds no secret", async () => {
  const hush = "hush-leak";
  const cases: [() => Response | Promise<Response>, number, RegExp][] = [
    [
      () => Response.json({ error: "invalid_grant", error_description: hush }, { status: 400 }),
      502,
      /refused it a token \(invalid_grant\)/,
    ],
    [() => Response.json({ error: hush }, { status: 401 }), 502, /refused it a token \(status 401\)/],
    [() => new Response(hush, { status: 403 }), 502, /status 403/],
    [() => new Response(hush, { status: 500 }), 502, /answered with status 500/],
    [() => new Response(hush, { status: 429 }), 502, /answered with status 429/],
    [() => new Response(hush, { status: 200 }), 502, /answered with status 200/],
    [
      () => new Response(null, { status: 302, headers: { location: `https://evil.example/${hush}` } }),
      502,
      /status 302/,
    ],
    [() => Promise.reject(new Error(hush)), 502, /couldn't be reached/],
    [() => Response.json({ access_token: "a\nb" }), 502, /answered with status 200/],
    [() => Response.json({ access_token: "ya29.t1", hush: "x".repeat(300_000) }), 502, /answered with status 200/],
  ];
  for (const [answer, status, pattern] of cases) {
    const { home, shown } = issued(answer);
    const told = await home.ask(path, ask);
    const text = await told.text();
    assert.equal(told.status, status);
    assert.match(text, pattern);
    assert.equal(JSON.stringify([text, [...told.headers], await home.records()]).includes(hush), false);
    assert.deepEqual(shown(), []);
  }
});

test("a client that leaves while a token is minted doesn't take it from the others", async () => {
  let give: (answer: Response) => void = () => {};
  const { home, asked, shown } = issued(() => new Promise<Response>((resolve) => give = resolve));
  const leaving = new AbortController();
  const first = home.ask(path, { ...ask, signal: leaving.signal });
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const second = home.ask(path, ask);
  leaving.abort();
  await (await first).text();
  give(token(1));
  assert.equal((await second).status, 200);
  assert.equal(asked.length, 1);
  assert.deepEqual(shown(), ["Bearer ya29.t1"]);
});

test("a provider that refuses a token is shown another one next time", async () => {
  let isRefused = true;
  const { home, asked, shown } = issued(token);
  const picky = house((outbound) => {
    if (outbound.url.pathname.endsWith("/token")) {
      return token(picky.sent.filter(({ url }) => url.href === TOKEN_URI).length);
    }
    const answer = isRefused ? new Response("{}", { status: 401 }) : completion();
    isRefused = false;
    return answer;
  }, { providers: { "google-vertex-ai": { key: account } }, signers: [google()] });
  assert.equal((await picky.ask(path, ask)).status, 401);
  assert.equal((await picky.ask(path, ask)).status, 200);
  const tokens = picky.sent.filter(({ url }) => url.href !== TOKEN_URI).map((sent) => headerOf(sent, "authorization"));
  assert.deepEqual(tokens, ["Bearer ya29.t1", "Bearer ya29.t2"]);
  assert.deepEqual([home.sent, asked, shown()], [[], [], []]);
});

test("each account has its own token, and a refused one hands over to the next of its alias", async () => {
  const other = { ...account, client_email: "other@my-project.iam.gserviceaccount.com" };
  const home = house((outbound) => {
    if (outbound.url.href !== TOKEN_URI) return completion();
    const { iss } = jwt.decode(formOf(outbound).get("assertion") ?? "", { json: true }) ?? {};
    return iss === account.client_email ? Response.json({ error: "invalid_grant" }, { status: 400 }) : token(2);
  }, { providers: { "google-vertex-ai": { keys: { default: [account, other] } } }, signers: [google()] });
  assert.equal((await home.ask(path, ask)).status, 200);
  assert.equal((await home.ask(path, ask)).status, 200);
  const kinds = home.sent.map(({ url }) => url.href === TOKEN_URI ? "token" : "call");
  assert.deepEqual(kinds, ["token", "token", "call", "call"]);
});

test("a client's own account, as base64 in its bearer, is minted for and goes nowhere itself", async () => {
  const text = JSON.stringify(account);
  for (
    const own of [
      btoa(text),
      `Bearer ${btoa(text)}`,
      `Bearer ${text}`,
      `bearer ${btoa(text).replaceAll("+", "-").replaceAll("/", "_")}`,
      `Bearer ${btoa(`\xef\xbb\xbf${text}`)}`,
    ]
  ) {
    const { home, asked, shown } = issued(token, {}, "ya29.stored");
    const answer = await home.ask(path, { ...ask, headers: { ...json, authorization: own } });
    assert.equal(answer.status, 200, await answer.text());
    assert.deepEqual([asked.length, shown()], [1, ["Bearer ya29.t1"]]);
    const leaves = home.sent.map(({ headers, url }) => [headers, url.href]);
    assert.equal(JSON.stringify(leaves).includes(btoa(text).slice(0, 40)), false);
  }
});

test("a client's own account chooses no issuer, and needs a signer", async () => {
  const evil = { ...account, token_uri: "http://127.0.0.1:9/token" };
  const headers = { ...json, authorization: `Bearer ${btoa(JSON.stringify(evil))}` };
  const open = { providers: { "google-vertex-ai": { key: "k", origin: "http://127.0.0.1:9", allowPrivate: true } } };
  for (const options of [{}, open]) {
    const { home } = issued(token, options);
    const answer = await home.ask(path, { ...ask, headers });
    const text = await answer.text();
    assert.deepEqual([answer.status, home.sent.length], [400, 0], text);
    assert.match(text, /token_uri/);
  }
  const { home } = issued(token, { signers: [], providers: {} });
  const own = { ...json, authorization: `Bearer ${btoa(JSON.stringify(account))}` };
  const answer = await home.ask(path, { ...ask, headers: own });
  assert.deepEqual([answer.status, home.sent.length], [400, 0]);
  assert.match(await answer.text(), /google\(\) or entra\(\) of headgate\/signing/);
});

test("a stored account may name another issuer where private addresses are allowed", async () => {
  const token_uri = "http://127.0.0.1:9/token";
  const { home, asked } = issued(token, {
    providers: { "google-vertex-ai": { key: { ...account, token_uri }, allowPrivate: true } },
  });
  assert.equal((await home.ask(path, ask)).status, 200);
  assert.equal(asked[0]?.url.href, token_uri);
});

test("a path without a project goes where the account says", async () => {
  const rest = "publishers/google/models/m:generateContent?alt=sse";
  const cases: [string | undefined, string, string][] = [
    [undefined, "v1", "https://aiplatform.googleapis.com/v1/projects/my-project/locations/global/"],
    [
      "europe-west4",
      "v1",
      "https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4/",
    ],
    ["eu", "v1beta1", "https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/my-project/locations/eu/"],
  ];
  for (const [region, version, start] of cases) {
    const { home } = issued(token, {}, JSON.stringify({ ...account, region }));
    await home.ask(`/v1/acc/default/google-vertex-ai/${version}/${rest}`, ask);
    assert.equal(home.sent.at(-1)?.url.href, start + rest);
  }
  const { home } = issued(token);
  await home.ask(path, ask);
  assert.equal(home.sent.at(-1)?.url.href, `https://us-central1-aiplatform.googleapis.com/${path.slice(18)}`);
});

test("a private key is read with its line breaks as a variable holds them, and a broken one is told of", async () => {
  const { home } = issued(token, {}, { ...account, private_key: pem.replaceAll("\n", "\\n") });
  assert.equal((await home.ask(path, ask)).status, 200);
  const broken = issued(token, {}, {
    ...account,
    private_key: "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----",
  });
  const answer = await broken.home.ask(path, ask);
  const text = await answer.text();
  assert.equal(answer.status, 502);
  assert.match(text, /private_key can't be read/);
  assert.equal(text.includes("hush"), false);
});

test("an answer of the issuer is judged by hand", () => {
  const judged = (status: number, said: unknown) => judge({ status, text: JSON.stringify(said), date: NaN });
  assert.deepEqual(judged(200, { access_token: "t", expires_in: 60 }), { token: "t", lifeMs: 60_000 });
  assert.deepEqual(judged(200, { access_token: "t", expires_in: "60" }), { token: "t", lifeMs: 60_000 });
  for (const life of [undefined, 0, -1, 1e9, "x"]) {
    assert.deepEqual(judged(200, { access_token: "t", expires_in: life }), { token: "t", lifeMs: 3_600_000 });
  }
  for (const status of [200, 302, 408, 429, 500]) assert.equal(judged(status, {}), "unavailable");
  assert.equal(judged(400, { error: "invalid_client" }), "invalid_client");
  assert.equal(judged(400, { error: "something_secret" }), "status 400");
  assert.equal(judge({ status: 400, text: "<html>", date: NaN }), "status 400");
});
