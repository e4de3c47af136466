/**
 * Attempts: how often and how long, by whose word, and what the client is told of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHAT, CHAT_ANSWER, failing, json, late, MESSAGE_ANSWER } from "../answers.ts";
import { area, type Behaviour } from "../stage.ts";
import { messages, run, step } from "../steps.ts";

const G = "/v1/acc/gw";

/** Behaviours of attempts. */
export const attempts: readonly Behaviour[] = area("universal", [
  {
    name: "A step's timeout wins over the request's, and its config over its own headers",
    async run(stage) {
      const [one, two] = [
        stage.upstream.ticket(late(600, json(CHAT_ANSWER))),
        stage.upstream.ticket(json(MESSAGE_ANSWER)),
      ];
      const patient = await run(stage, [step(one, { config: { requestTimeout: 3000 } }), messages(two)], {
        "cf-aig-request-timeout": "200",
      });
      assert.equal(patient.headers.get("cf-aig-step"), "0");
      const headers = { "authorization": one.bearer, "cf-aig-request-timeout": "3000" };
      const hurried = await run(stage, [step(one, { headers, config: { requestTimeout: 200 } }), messages(two)]);
      assert.equal(hurried.headers.get("cf-aig-step"), "1");
      const byHeader = await run(stage, [step(one, { headers }), messages(two)], { "cf-aig-request-timeout": "200" });
      assert.equal(byHeader.headers.get("cf-aig-step"), "0");
    },
  },
  {
    name: "A request's attempts hold for every step that doesn't say otherwise",
    async run(stage) {
      const [one, two] = [stage.upstream.ticket(failing(503)), stage.upstream.ticket(failing(502))];
      const controls = { "cf-aig-max-attempts": "2", "cf-aig-retry-delay": "5", "cf-aig-backoff": "linear" };
      const answered = await run(stage, [step(one), step(two, { config: { maxAttempts: 3 } })], controls);
      assert.equal(answered.status, 502);
      assert.deepEqual([one.calls.length, two.calls.length], [2, 3]);
    },
  },
  {
    name: "A native call is retried when its headers say so, and tells the client's SDK not to try again",
    async run({ gateway, upstream }) {
      const controls = { "cf-aig-max-attempts": "3", "cf-aig-retry-delay": "5", "cf-aig-backoff": "exponential" };
      const spent = upstream.ticket(failing(503));
      const answered = await gateway.post(`${G}/openai/chat/completions`, CHAT, {
        authorization: spent.bearer,
        ...controls,
      });
      assert.equal(answered.status, 503);
      assert.equal(spent.calls.length, 3);
      assert.equal(answered.headers.get("x-should-retry"), "false");
      for (const seen of spent.calls) assert.equal((await seen.body).toString(), CHAT);
      const saved = upstream.ticket(failing(429), json(CHAT_ANSWER));
      assert.equal(
        (await gateway.post(`${G}/openai/chat/completions`, CHAT, { authorization: saved.bearer, ...controls })).text,
        CHAT_ANSWER,
      );
      assert.equal(saved.calls.length, 2);
    },
  },
  {
    name: "An answer that another attempt can't better isn't tried again",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket(failing(400));
      const controls = { "cf-aig-max-attempts": "3", "cf-aig-retry-delay": "5" };
      await gateway.post(`${G}/openai/chat/completions`, CHAT, { authorization: ticket.bearer, ...controls });
      assert.equal(ticket.calls.length, 1);
    },
  },
  {
    name: "After one attempt the client's SDK may try again; after more it is told not to",
    async run(stage) {
      const ticket = stage.upstream.ticket(failing(500));
      const once = await stage.gateway.post(`${G}/openai/chat/completions`, CHAT, { authorization: ticket.bearer });
      assert.notEqual(once.headers.get("x-should-retry"), "false");
      const twice = await run(stage, [step(ticket), step(ticket)]);
      assert.equal(twice.headers.get("x-should-retry"), "false");
    },
  },
  {
    name: "A total outage of three steps costs three provider requests, not more",
    async run(stage) {
      const ticket = stage.upstream.ticket(failing(500));
      assert.equal((await run(stage, [step(ticket), step(ticket), step(ticket)])).headers.get("cf-aig-step"), "2");
      assert.equal(ticket.calls.length, 3);
    },
  },
]);
