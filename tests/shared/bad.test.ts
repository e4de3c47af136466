import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answered, call } from "../runtime/client.ts";
import { type Gateway, RUNTIMES } from "../runtime/harness.ts";
import { openRig, type Rig } from "../store/rig.ts";
import { ANSWER } from "../wall/answer.ts";
import { ORIGIN_PATH, step } from "../wall/ask.ts";
import type { DialectId } from "../wall/dialects/dialect.ts";
import { DIALECT_IDS, DIALECTS } from "../wall/dialects/table.ts";
import { FAULT_NAMES } from "../wall/faults.ts";
import { read, type Reading } from "../wall/reading.ts";
import { type Ticket, Wall } from "../wall/wall.ts";
import { say } from "./figures.ts";
import { Fleet } from "./fleet.ts";

const SCALE = 0.02;
const AT_ONCE = 8;
const ANSWER_MS = 20_000;

/** Two identical calls: the first meets a fault, the second a provider that is well. */
interface Pair {
  readonly fault: string;
  readonly dialect: DialectId;
  readonly isStream: boolean;
}

/** Another model's words are no fault. */
const FAULTS = FAULT_NAMES.filter((fault) => fault !== "other-words");

const PAIRS: readonly Pair[] = FAULTS.flatMap((fault) =>
  DIALECT_IDS.flatMap((dialect) => [false, true].map((isStream) => ({ fault, dialect, isStream })))
);

const config = ({ port }: Wall, { front }: Rig) => ({
  store: { upstash: { url: front.url, token: front.token }, timeout: 5000 },
  drainSeconds: 1,
  providers: Object.fromEntries(
    DIALECT_IDS.map((id) => DIALECTS[id].provider).map((provider) => [
      provider,
      { origin: `http://127.0.0.1:${port}${ORIGIN_PATH[provider] ?? ""}`, allowPrivate: true },
    ]),
  ),
  gateways: {
    kept: {
      retry: { attempts: 1 },
      timeouts: { headers: 500, firstToken: 500, idle: 500, total: 5000 },
      cache: { ttl: 300 },
    },
  },
});

describe("with the cache on, before a provider with every fault", () => {
  let wall: Wall;
  let rig: Rig;
  let fleet: Fleet;
  before(async () => {
    [wall, rig] = await Promise.all([Wall.start(SCALE), openRig()]);
    fleet = await Fleet.start({ runtimes: RUNTIMES, config: config(wall, rig) });
  });
  after(async () => {
    await fleet?.stop();
    await wall?.stop();
    await rig?.stop();
  });

  test("no bad answer is kept: whoever asks the same again reaches the provider", async () => {
    const problems: string[] = [];
    const counts = { pairs: 0, "asked anew": 0, "kept as they were whole": 0 };
    const queue = [...PAIRS.entries()];
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, pair] = next;
        const gateway = fleet.at(index + Math.floor(index / RUNTIMES.length));
        const { problem, isAnew } = await meet(gateway, wall, pair);
        counts.pairs++;
        counts[isAnew ? "asked anew" : "kept as they were whole"]++;
        if (problem !== undefined) problems.push(`${gateway.runtime}: ${JSON.stringify(pair)} ${problem}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    say("faults and the cache", { faults: FAULTS.length, ...counts, "bad entries": problems.length });
    assert.deepEqual(problems, []);
  });
});

async function meet(gateway: Gateway, wall: Wall, { fault, dialect, isStream }: Pair) {
  const ticket = wall.ticket();
  const ask = () => asked(gateway, ticket, dialect, fault, isStream);
  const first = await ask();
  const visits = ticket.visits.length;
  ticket.isWell = true;
  const second = await ask();
  const isAnew = ticket.visits.length > visits;
  if (isWhole(first) && !isAnew) {
    const isSame = second.answer?.body.equals(first.answer?.body ?? Buffer.alloc(0));
    return { isAnew, problem: isSame === true ? undefined : "a kept answer is another" };
  }
  if (!isAnew) return { isAnew, problem: `was kept: ${first.answer?.status} ${first.answer?.text.slice(0, 200)}` };
  return { isAnew, problem: undefined };
}

/** An answer, and what a careful client makes of it; nothing where the connection broke before the head. */
interface Heard {
  readonly answer: Answered | undefined;
  readonly reading: Reading | undefined;
}

async function asked(
  gateway: Gateway,
  ticket: Ticket,
  dialect: DialectId,
  model: string,
  isStream: boolean,
): Promise<Heard> {
  const { provider, endpoint, headers, query } = step(ticket, dialect, model, isStream);
  const path = `/v1/acc/kept/${provider}/${endpoint}`;
  const answer = await call(gateway.port, { path, headers, body: JSON.stringify(query) }, ANSWER_MS)
    .catch(() => undefined);
  // Some stream to whoever has asked for a plain answer: what they say may be whole all the same.
  const hasEvents = answer?.headers.get("content-type")?.startsWith("text/event-stream") === true;
  return { answer, reading: answer && read(dialect, isStream || hasEvents, answer) };
}

const isWhole = ({ answer, reading }: Heard): boolean =>
  answer?.isWhole === true && reading?.outcome === "answer" && reading.text.startsWith(ANSWER.slice(0, 20)) &&
  [...reading.text].length === [...ANSWER].length;
