/**
 * Clients that leave: the provider's connection ends within 100 ms, and nothing new begins.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHAT, chunk, EVENTS, failing, json } from "../answers.ts";
import { area, type Behaviour, type Stage } from "../stage.ts";
import type { Exchange } from "../exchange.ts";
import { pause, until } from "../wait.ts";

const G = "/v1/acc/gw";
const CHAT_PATH = `${G}/openai/chat/completions`;
const STREAM =
  '{"model":"gpt-5","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]}';

/** What is promised. */
const LIMIT_MS = 100;
const SAMPLES = 5;
const WRITE_EVERY_MS = 10;

const NEXT_WRITE = "notices a client that has left when it next writes to it, not before";
const NO_FIN =
  "doesn't notice a polite close (FIN) before the answer's head, only a reset; the headers timeout bounds it";

const DEAF =
  "doesn't notice before the answer's head that a client has left whose request came in more than one read, some 500 bytes; the headers timeout bounds it";
const LONG = CHAT.replace("Hi", "Hi ".repeat(2000));

/** Milliseconds from the client's leaving to the end of the provider's connection. */
async function leftAt(provider: Exchange, left: number): Promise<number> {
  return Math.max(0, await provider.closed - left);
}

/** A provider that goes on talking until it is hung up on. */
function chatter(provider: Exchange): void {
  const timer = setInterval(
    () => provider.isClosed ? clearInterval(timer) : void provider.write(chunk("and")),
    WRITE_EVERY_MS,
  );
}

async function leaveInStream(stage: Stage, how: "fin" | "rst", talks: boolean): Promise<number> {
  const ticket = stage.upstream.ticket();
  const headers = { "content-type": "application/json", "authorization": ticket.bearer };
  const live = stage.gateway.begin({ path: CHAT_PATH, body: STREAM, headers });
  const provider = await ticket.next();
  provider.head(200, EVENTS);
  await provider.write(chunk("one"));
  await live.take(chunk("one").length);
  if (talks) chatter(provider);
  await pause(5);
  const ms = await leftAt(provider, live.leave(how));
  assert.equal(ticket.calls.length, 1);
  return ms;
}

async function leaveBeforeHead(
  stage: Stage,
  how: "fin" | "rst",
  timeoutMs: number,
  body: string = CHAT,
): Promise<number> {
  const ticket = stage.upstream.ticket();
  const headers = {
    "content-type": "application/json",
    "authorization": ticket.bearer,
    "cf-aig-request-timeout": String(timeoutMs),
  };
  const live = stage.gateway.begin({ path: CHAT_PATH, body, headers });
  live.answered().catch(() => {});
  const provider = await ticket.next();
  await provider.body;
  await pause(5);
  const ms = await leftAt(provider, live.leave(how));
  assert.equal(ticket.calls.length, 1);
  return ms;
}

/** Takes several samples, puts them down, and expects every one within the limit. */
async function promptly(stage: Stage, name: string, sample: () => Promise<number>): Promise<void> {
  const all: number[] = [];
  for (let index = 0; index < SAMPLES; index++) {
    const ms = await sample();
    all.push(ms);
    stage.measure(name, ms);
  }
  assert.ok(Math.max(...all) <= LIMIT_MS, `it took ${all.map((ms) => ms.toFixed(1)).join(", ")} ms`);
}

/** What happens instead on a platform that isn't told: the provider is left only when the headers timeout is over. */
async function boundedByTimeout(stage: Stage, how: "fin" | "rst" = "fin", body: string = CHAT): Promise<void> {
  const timeoutMs = 400;
  const ms = await leaveBeforeHead(stage, how, timeoutMs, body);
  assert.ok(ms > LIMIT_MS, `closed after ${ms.toFixed(1)} ms: the limit no longer exists, take it out`);
  assert.ok(ms < timeoutMs + 300, `closed after ${ms.toFixed(1)} ms: nothing bounded it`);
}

/** Behaviours around clients that leave. */
export const leaving: readonly Behaviour[] = area("leaving", [
  {
    name: "A client that leaves a stream politely ends the provider's within 100 ms",
    isAlone: true,
    run: (stage) => promptly(stage, "in a stream, FIN", () => leaveInStream(stage, "fin", true)),
  },
  {
    name: "A client that breaks out of a stream ends the provider's within 100 ms",
    isAlone: true,
    run: (stage) => promptly(stage, "in a stream, RST", () => leaveInStream(stage, "rst", true)),
  },
  {
    name: "A client that leaves while the provider is silent in mid-stream ends the provider's stream within 100 ms",
    isAlone: true,
    limits: { workers: NEXT_WRITE },
    async run(stage) {
      if (!stage.isLimited) return promptly(stage, "in a silent stream, FIN", () => leaveInStream(stage, "fin", false));
      const ticket = stage.upstream.ticket();
      const headers = { "content-type": "application/json", "authorization": ticket.bearer };
      const live = stage.gateway.begin({ path: CHAT_PATH, body: STREAM, headers });
      const provider = await ticket.next();
      provider.head(200, EVENTS);
      await provider.write(chunk("one"));
      await live.take(chunk("one").length);
      live.leave("fin");
      await pause(2 * LIMIT_MS);
      assert.ok(!provider.isClosed, "closed without a write: the limit no longer exists, take it out");
      chatter(provider);
      assert.ok(await leftAt(provider, performance.now()) <= LIMIT_MS);
    },
  },
  {
    name: "A client that leaves politely before the answer's head ends the provider's request within 100 ms",
    isAlone: true,
    limits: { workers: NO_FIN },
    async run(stage) {
      if (stage.isLimited) return boundedByTimeout(stage);
      await promptly(stage, "before the head, FIN", () => leaveBeforeHead(stage, "fin", 5000));
    },
  },
  {
    name: "A client that breaks off before the answer's head ends the provider's request within 100 ms",
    isAlone: true,
    run: (stage) => promptly(stage, "before the head, RST", () => leaveBeforeHead(stage, "rst", 5000)),
  },
  {
    name: "A client with a longer request that breaks off before the answer's head ends the provider's within 100 ms",
    isAlone: true,
    limits: { deno: DEAF },
    async run(stage) {
      if (stage.isLimited) return boundedByTimeout(stage, "rst", LONG);
      await promptly(
        stage,
        "before the head of a longer request, RST",
        () => leaveBeforeHead(stage, "rst", 5000, LONG),
      );
    },
  },
  {
    name: "A client that breaks off in the middle of an upload ends the provider's request within 100 ms",
    isAlone: true,
    run: (stage) =>
      promptly(stage, "in an upload, RST", async () => {
        const ticket = stage.upstream.ticket();
        const headers = { "authorization": ticket.bearer, "content-type": "audio/wav" };
        const live = stage.gateway.upload({ method: "POST", path: `${G}/openai/audio/stream`, headers });
        live.answered().catch(() => {});
        await live.write("a".repeat(5000));
        const provider = await ticket.next();
        await provider.received(5000);
        return leftAt(provider, live.leave("rst"));
      }),
  },
  {
    name: "A client that leaves while the gateway waits to try again causes no further attempt",
    async run(stage) {
      const ticket = stage.upstream.ticket(failing(503));
      const headers = {
        "content-type": "application/json",
        "authorization": ticket.bearer,
        "cf-aig-max-attempts": "2",
        "cf-aig-retry-delay": "250",
        "cf-aig-backoff": "constant",
      };
      const live = stage.gateway.begin({ path: CHAT_PATH, body: CHAT, headers });
      live.answered().catch(() => {});
      await ticket.next();
      await pause(30);
      live.leave("rst");
      await pause(400);
      assert.equal(ticket.calls.length, 1);
    },
  },
  {
    name: "A client that leaves one step of a universal call causes no next step",
    async run(stage) {
      const [first, second] = [stage.upstream.ticket(), stage.upstream.ticket(json("{}"))];
      const step = (key: string, timeout: number) => ({
        provider: "openai",
        endpoint: "chat/completions",
        headers: { authorization: `Bearer ${key}` },
        query: { model: "gpt-5" },
        config: { requestTimeout: timeout },
      });
      const body = JSON.stringify([step(first.key, 300), step(second.key, 300)]);
      const live = stage.gateway.begin({ path: G, body, headers: { "content-type": "application/json" } });
      live.answered().catch(() => {});
      const provider = await first.next();
      await pause(15);
      live.leave("rst");
      await provider.closed;
      await pause(150);
      assert.equal(second.calls.length, 0);
    },
  },
  {
    name: "A call that the client left is logged as cancelled, with what had come",
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket();
      const headers = { "content-type": "application/json", "authorization": ticket.bearer };
      const live = gateway.begin({ path: CHAT_PATH, body: STREAM, headers });
      const provider = await ticket.next();
      provider.head(200, EVENTS);
      await provider.write(chunk("one"));
      await live.take(chunk("one").length);
      chatter(provider);
      live.leave("fin");
      await provider.closed;
      const record = await until(() => gateway.logs(live.headers.get("cf-aig-log-id") ?? "-")[0], "the log record");
      assert.match(JSON.stringify(record), /cancelled/);
    },
  },
]);
