import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonAnswer, wholeAnswer, wholeBody } from "../../src/answer.ts";
import type { Platform, Transport } from "../../src/call.ts";
import { gateway } from "../../src/gateway.ts";

const encode = (text: string) => new TextEncoder().encode(text);

test("the bytes of a whole answer are known without reading it", async () => {
  const bytes = encode("whole");
  const answer = wholeAnswer(bytes, { status: 201 });
  assert.equal(wholeBody(answer), bytes);
  assert.equal(await answer.text(), "whole");
  assert.equal(wholeBody(new Response(bytes)), undefined);
  assert.deepEqual(wholeBody(jsonAnswer("{}", 200)), encode("{}"));
});

test("a platform with a way of its own is asked for answers that come whole, and for no others", async () => {
  const asked: string[] = [];
  const transport: Transport = ({ url }) => {
    const headers = new Headers({ "content-type": "application/json" });
    if (url.pathname.endsWith("/short")) headers.set("content-length", "2");
    return Promise.resolve(new Response("{}", { headers }));
  };
  const platform: Platform = {
    runtime: "test",
    transport,
    after: () => {},
    clientAddress: () => undefined,
    answer: (bytes, init) => {
      asked.push(new TextDecoder().decode(bytes));
      return new Response("in its own way", init);
    },
  };
  const house = gateway({ providers: { openai: { key: "sk-test" } } });
  const bodyOf = async (path: string) =>
    await (await house.handle(new Request(`http://gateway/openai/${path}`), platform)).text();
  assert.equal(await bodyOf("short"), "in its own way");
  assert.equal(await bodyOf("long"), "{}");
  assert.deepEqual(asked, ["{}"]);
});
