import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { begin } from "../runtime/client.ts";
import { ANSWER, INPUT_TOKENS, OTHER_ANSWER, TOKENS } from "./answer.ts";
import { ORIGIN_PATH, step } from "./ask.ts";
import type { DialectId } from "./dialects/dialect.ts";
import { DIALECT_IDS } from "./dialects/table.ts";
import { FAULT_NAMES } from "./faults.ts";
import { read, type Reading } from "./reading.ts";
import { type Ticket, Wall } from "./wall.ts";

const wall = await Wall.start(0.01);
after(() => wall.stop());

interface Told extends Reading {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly isWhole: boolean;
  readonly ticket: Ticket;
}

/** Asks the wall itself, and reads the answer as a client would. */
async function ask(
  model: string,
  dialect: DialectId = "chat",
  isStream = true,
  ticket = wall.ticket(),
  more: Record<string, unknown> = {},
): Promise<Told> {
  const { provider, endpoint, headers, query } = step(ticket, dialect, model, isStream);
  const path = `${ORIGIN_PATH[provider] ?? ""}/${endpoint}`;
  const live = begin(wall.port, { path, headers, body: JSON.stringify({ ...query, ...more }) });
  await live.answered();
  const { bytes, isWhole } = await live.rest();
  const text = bytes.toString("utf8");
  const reading = read(dialect, isStream, { status: live.status, text, isWhole });
  return { ...reading, status: live.status, headers: live.headers, isWhole, ticket };
}

describe("The wall", { concurrency: true }, () => {
  test("says sixty tokens that make up the answer", () => {
    assert.equal(TOKENS.length, 60);
    assert.equal(TOKENS.join(""), ANSWER);
    assert.notEqual(OTHER_ANSWER, ANSWER);
  });

  for (const dialect of DIALECT_IDS) {
    for (const isStream of [true, false]) {
      test(`answers whole in ${dialect}, ${isStream ? "streamed" : "plain"}, with model and usage`, async () => {
        const told = await ask("ok.mine", dialect, isStream);
        assert.deepEqual([told.outcome, told.text, told.model], ["answer", ANSWER, "ok.mine"]);
        assert.equal(told.outputTokens, 60);
        assert.ok(told.isWhole);
        assert.equal(told.ticket.visits.length, 1);
      });
    }

    test(`refuses in the words of ${dialect}`, async () => {
      const told = await ask("503", dialect);
      assert.deepEqual([told.status, told.outcome, told.error], [503, "error", "The engine is overloaded."]);
    });

    test(`tells an error within a stream as ${dialect} does, before and after output`, async () => {
      const [first, early, late] = await Promise.all(
        ["error-first", "error-event", "error-event-late"].map((fault) => ask(fault, dialect)),
      );
      for (const told of [first, early, late]) {
        assert.deepEqual([told?.outcome, told?.hasNativeError, told?.goesOnAfterError], ["error", true, false]);
      }
      assert.deepEqual([first?.text, early?.text, late?.text], ["", "", TOKENS.slice(0, 20).join("")]);
    });

    test(`goes on from what it has said in ${dialect}, or refuses to`, async () => {
      const said = TOKENS.slice(0, 40).join("");
      const body = {
        chat: { messages: [{ role: "user", content: "Hi" }, { role: "assistant", content: said }] },
        responses: { input: [{ role: "assistant", content: [{ type: "output_text", text: said }] }] },
        messages: { messages: [{ role: "assistant", content: [{ type: "text", text: said }] }] },
        gemini: { contents: [{ role: "model", parts: [{ text: said }] }] },
      }[dialect];
      const told = await ask("ok", dialect, true, undefined, body);
      assert.equal(said + told.text, ANSWER);
      assert.equal((await ask("no-prefill", dialect, true, undefined, body)).status, 400);
      assert.equal((await ask("no-prefill", dialect)).text, ANSWER);
    });

    test(`calls a tool and then fails in ${dialect}`, async () => {
      const told = await ask("error-tool", dialect);
      assert.deepEqual([told.outcome, told.toolCalls], ["error", 1]);
    });

    test(`holds an answer back in ${dialect}, which is neither an error nor empty`, async () => {
      for (const isStream of [true, false]) {
        const told = await ask("blocked", dialect, isStream);
        assert.deepEqual([told.outcome, told.text], ["answer", ""]);
        assert.match(told.finish ?? "", /content_filter|refusal|SAFETY/);
      }
    });
  }

  test("counts visits by ticket and model, and whatever stands behind a full stop keeps models apart", async () => {
    const ticket = wall.ticket();
    const statuses = ["500-once.a", "500-once.a", "500-once.b"].map((model) => () => ask(model, "chat", true, ticket));
    const seen: number[] = [];
    for (const next of statuses) seen.push((await next()).status);
    assert.deepEqual(seen, [500, 200, 500]);
    assert.equal((await ask("500-once.a")).status, 500);
  });

  test("hints when to come back in seconds, as a date, in milliseconds and in the body", async () => {
    const [after, date, ms] = await Promise.all(["429-after-2", "429-date-2", "429-ms-150"].map((one) => ask(one)));
    assert.equal(after?.headers.get("retry-after"), "2");
    assert.ok(Date.parse(date?.headers.get("retry-after") ?? "") > Date.now() + 1000);
    assert.equal(ms?.headers.get("retry-after-ms"), "150");
    const ticket = wall.ticket();
    assert.equal((await ask("429-hint-2", "gemini", false, ticket)).status, 429);
    assert.equal((await ask("429-hint-2", "gemini", false, ticket)).text, ANSWER);
  });

  test("breaks a stream off after forty tokens: by a reset, by a close, or as if that were all", async () => {
    const [cut, close, clean] = await Promise.all(["cut", "cut-close", "cut-clean"].map((fault) => ask(fault)));
    assert.deepEqual([cut?.outcome, close?.outcome, clean?.outcome], ["error", "error", "answer"]);
    assert.deepEqual([cut?.isWhole, close?.isWhole, clean?.isWhole], [false, false, true]);
    const part = TOKENS.slice(0, 40).join("");
    assert.deepEqual([close?.text, clean?.text], [part, part]);
    assert.ok(part.startsWith(cut?.text ?? "-"));
  });

  test("breaks a plain answer off in the same three ways", async () => {
    const faults = ["cut", "cut-close", "cut-clean", "stall"];
    const told = await Promise.all(faults.map((fault) => ask(fault, "chat", false)));
    assert.deepEqual(told.map(({ outcome }) => outcome), ["error", "error", "false", "error"]);
    assert.deepEqual(told.map(({ isWhole }) => isWhole), [false, false, true, false]);
  });

  test("stalls, fades and pings, and notices when it is left", async () => {
    const stalled = await ask("stall");
    assert.deepEqual([stalled.outcome, stalled.text], ["error", TOKENS.slice(0, 20).join("")]);
    for (const fault of ["silent", "role-only", "pings"]) {
      const ticket = wall.ticket();
      const { headers, query, endpoint } = step(ticket, "chat", fault, true);
      const live = begin(wall.port, { path: `/v1/${endpoint}`, headers, body: JSON.stringify(query) });
      live.answered().catch(() => {});
      while (ticket.visits.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(ticket.visits[0]?.leftAt, undefined);
      const leftAt = live.leave("rst");
      while (ticket.visits[0]?.leftAt === undefined) await new Promise((resolve) => setTimeout(resolve, 2));
      assert.ok(ticket.visits[0].leftAt >= leftAt - 1);
    }
  });

  test("is down from the first call on for a while, and then well", async () => {
    const ticket = wall.ticket();
    assert.equal((await ask("outage", "chat", true, ticket)).status, 503);
    await new Promise((resolve) => setTimeout(resolve, 650));
    assert.equal((await ask("outage", "chat", true, ticket)).text, ANSWER);
  });

  test("sends what isn't an answer: nothing, errors with 200, pages, garbage, bytes that are no chunk", async () => {
    const plain = await Promise.all(
      ["empty", "error-event", "mislabelled", "garbage", "bad-json"].map((fault) => ask(fault, "chat", false)),
    );
    assert.deepEqual(plain.map(({ outcome, status }) => [outcome, status]), plain.map(() => ["false", 200]));
    assert.deepEqual([(await ask("empty")).outcome, (await ask("empty-opening")).text], ["false", ""]);
    for (const fault of ["bad-chunk", "bad-chunk-early"]) {
      const told = await ask(fault).catch(() => undefined);
      assert.ok(told === undefined || told.outcome === "error");
    }
  });

  test("breaks the JSON of one event, and forgets an end mark; the text is complete", async () => {
    for (const fault of ["bad-json", "no-done", "no-done-open", "preamble"]) {
      const told = await ask(fault);
      assert.equal(told.text, ANSWER, fault);
      assert.equal(told.brokenEvents, fault === "bad-json" ? 1 : 0);
    }
    assert.equal((await ask("no-done")).hasEndMark, false);
  });

  test("refuses for credit, keys, length and policy; resets once and for ever; points elsewhere", async () => {
    const faults = ["no-credit", "unpaid", "denied", "context-length", "content-filter", "redirect", "529", "nonsense"];
    const statuses = await Promise.all(faults.map(async (fault) => (await ask(fault)).status));
    assert.deepEqual(statuses, [429, 402, 401, 400, 400, 307, 529, 404]);
    await assert.rejects(ask("reset"));
    const ticket = wall.ticket();
    await assert.rejects(ask("reset-once", "chat", true, ticket));
    assert.equal((await ask("reset-once", "chat", true, ticket)).text, ANSWER);
  });

  test("keeps what it has sent, and counts usage", async () => {
    const told = await ask("ok");
    const [visit] = told.ticket.visits;
    assert.match(visit?.sent.toString() ?? "", new RegExp(`"prompt_tokens":${INPUT_TOKENS},"completion_tokens":60`));
    assert.ok(visit?.endedAt !== undefined && visit.leftAt === undefined);
  });

  test("notes whoever comes without a ticket", async () => {
    const live = await begin(wall.port, { path: "/v1/chat/completions", body: "{}" }).answered();
    assert.equal(live.status, 404);
    assert.ok(wall.strays.includes("POST /v1/chat/completions"));
  });

  test("knows its faults by name", () => {
    assert.ok(FAULT_NAMES.length > 40);
  });
});
