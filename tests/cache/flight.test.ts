import assert from "node:assert/strict";
import { test } from "node:test";
import { Flight } from "../../src/cache/flight.ts";
import type { Head } from "../../src/cache/record.ts";
import type { Source } from "../../src/flow.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const HEAD: Head = { status: 200, headers: [] };
const bytes = (text: string) => new TextEncoder().encode(text) as Bytes;
const text = (bytes: Bytes | undefined) => bytes === undefined ? undefined : new TextDecoder().decode(bytes);
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A source that gives what the test puts in, and counts how often it is asked. */
function hand(): Source & { give(chunk: string | undefined | Error): void; reads: number; cancelled: boolean } {
  const given: (string | undefined | Error)[] = [];
  let wake = () => {};
  return {
    reads: 0,
    cancelled: false,
    give(chunk) {
      given.push(chunk);
      wake();
    },
    async read() {
      this.reads++;
      while (given.length === 0) await new Promise<void>((resolve) => wake = resolve);
      const chunk = given.shift();
      if (chunk instanceof Error) throw chunk;
      return chunk === undefined ? undefined : bytes(chunk);
    },
    async cancel() {
      this.cancelled = true;
    },
  };
}

async function all(source: Source): Promise<string> {
  let whole = "";
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) whole += text(chunk);
  return whole;
}

test("all who read a flight hear it from its first byte, and it is read once", async () => {
  const [flight, source] = [new Flight(1000, () => {}), hand()];
  const first = flight.reader();
  void flight.fly(HEAD, source);
  source.give("a");
  assert.equal(text(await first.read()), "a");
  const late = flight.reader();
  assert.equal(text(await late.read()), "a");
  source.give("b");
  source.give(undefined);
  assert.deepEqual(await Promise.all([all(first), all(late)]), ["b", "b"]);
  assert.equal(source.reads, 3);
  assert.deepEqual(await flight.landed, { kind: "whole" });
});

test("nothing is read that nobody has asked for", async () => {
  const [flight, source] = [new Flight(1000, () => {}), hand()];
  const own = flight.reader();
  void flight.fly(HEAD, source);
  source.give("a");
  source.give("b");
  await turn();
  assert.equal(source.reads, 0);
  await own.read();
  await turn();
  assert.equal(source.reads, 1);
});

test("a flight goes on while one reader is left, and is deserted by the last", async () => {
  let deserted = 0;
  const [flight, source] = [new Flight(1000, () => deserted++), hand()];
  const [one, other] = [flight.reader(), flight.reader()];
  void flight.fly(HEAD, source);
  await one.cancel();
  assert.equal(deserted, 0);
  source.give("a");
  assert.equal(text(await other.read()), "a");
  await other.cancel();
  await other.cancel();
  assert.equal(deserted, 1);
  flight.abandon(new Error("gone"));
  assert.equal(source.cancelled, true);
  assert.equal((await flight.landed).kind, "failed");
});

test("a flight that breaks breaks for all its readers, after what came", async () => {
  const [flight, source] = [new Flight(1000, () => {}), hand()];
  const [one, other] = [flight.reader(), flight.reader()];
  void flight.fly(HEAD, source);
  source.give("a");
  source.give(new Error("cut"));
  for (const reader of [one, other]) {
    assert.equal(text(await reader.read()), "a");
    await assert.rejects(reader.read(), /cut/);
  }
});

test("what is too large to be held is let go of, read at the pace of the slowest, and joined by nobody new", async () => {
  const [flight, source] = [new Flight(10, () => {}), hand()];
  const [quick, slow] = [flight.reader(), flight.reader()];
  void flight.fly(HEAD, source);
  for (let chunk = 0; chunk < 5; chunk++) source.give(`${chunk}`.repeat(8));
  assert.equal(text(await quick.read()), "00000000");
  assert.equal(text(await quick.read()), "11111111");
  assert.equal(flight.chunks, undefined);
  const third = quick.read();
  await turn();
  assert.equal(source.reads, 2);
  assert.equal(text(await slow.read()), "00000000");
  assert.equal(text(await slow.read()), "11111111");
  const other = slow.read();
  assert.deepEqual([text(await third), text(await other)], ["22222222", "22222222"]);
});

test("an answer in one piece is there at once", async () => {
  const flight = new Flight(1000, () => {});
  const early = flight.reader();
  flight.bring(HEAD, bytes("whole"));
  assert.deepEqual([await all(early), await all(flight.reader())], ["whole", "whole"]);
  assert.equal(await flight.head, HEAD);
});
