import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outbound } from "../../src/call.ts";
import type { EntraAccount } from "../../src/providers/account.ts";
import { entra } from "../../src/signing.ts";
import { completion, house } from "../core/house.ts";
import { formOf, headerOf } from "./upstream.ts";

const account: EntraAccount = {
  tenantId: "11111111-2222-3333-4444-555555555555",
  clientId: "66666666-7777-8888-9999-000000000000",
  clientSecret: "hush~secret.value&=+",
};
const ask: RequestInit = { method: "POST", headers: { "content-type": "application/json" }, body: '{"messages":[]}' };
const path = "/v1/acc/default/azure-openai/res/dep/chat/completions?api-version=v";

const isToken = ({ url }: Outbound) => url.pathname.endsWith("/oauth2/v2.0/token");

test("an application of Entra is given a token for the cognitive services, once for fifty calls", async () => {
  let minted = 0;
  const home = house(
    (outbound) =>
      isToken(outbound) ? Response.json({ access_token: `eyJ.t${++minted}`, expires_in: 3599 }) : completion(),
    { providers: { "azure-openai": { key: account } }, signers: [entra()] },
  );
  const answers = await Promise.all(Array.from({ length: 50 }, () => home.ask(path, ask)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(minted, 1);
  const question = home.sent.find(isToken)!;
  assert.equal(question.url.href, `https://login.microsoftonline.com/${account.tenantId}/oauth2/v2.0/token`);
  assert.deepEqual(Object.fromEntries(formOf(question)), {
    grant_type: "client_credentials",
    client_id: account.clientId,
    client_secret: account.clientSecret,
    scope: "https://cognitiveservices.azure.com/.default",
  });
  for (const sent of home.sent.filter((sent) => !isToken(sent))) {
    assert.deepEqual([headerOf(sent, "authorization"), headerOf(sent, "api-key")], ["Bearer eyJ.t1", undefined]);
    assert.equal(sent.url.href, "https://res.openai.azure.com/openai/deployments/dep/chat/completions?api-version=v");
  }
});

test("the voice service has a scope of its own, and an account may say its scope and its cloud", async () => {
  const cases: [string, Partial<EntraAccount>, string, string][] = [
    ["azure-voice-live/res/x", {}, "https://login.microsoftonline.com", "https://ai.azure.com/.default"],
    [
      "azure-openai/res/dep/chat/completions",
      { authority: "https://login.microsoftonline.us", scope: "https://cognitiveservices.azure.us/.default" },
      "https://login.microsoftonline.us",
      "https://cognitiveservices.azure.us/.default",
    ],
  ];
  for (const [path, more, origin, scope] of cases) {
    const provider = path.slice(0, path.indexOf("/"));
    const home = house((outbound) => isToken(outbound) ? Response.json({ access_token: "t" }) : completion(), {
      providers: { [provider]: { key: JSON.stringify({ ...account, ...more }) } },
      signers: [entra()],
    });
    assert.equal((await home.ask(`/v1/acc/default/${path}`, ask)).status, 200);
    const question = home.sent.find(isToken)!;
    assert.deepEqual([question.url.origin, formOf(question).get("scope")], [origin, scope]);
  }
});

test("a secret that is over is told of without it", async () => {
  const home = house(
    () =>
      Response.json({ error: "invalid_client", error_description: `AADSTS7000222 ${account.clientSecret}` }, {
        status: 401,
      }),
    { providers: { "azure-openai": { key: account } }, signers: [entra()] },
  );
  const answer = await home.ask(path, ask);
  const text = await answer.text();
  assert.equal(answer.status, 502);
  assert.match(text, /refused it a token \(invalid_client\)/);
  assert.equal(JSON.stringify([text, await home.records()]).includes("hush"), false);
});
