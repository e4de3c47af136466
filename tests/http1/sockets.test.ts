import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Exchange } from "../../adapters/http1/exchange.ts";
import { TransportError } from "../../adapters/http1/failure.ts";
import type { Inbound } from "../../src/call.ts";
import { gate, type RawProvider, rawProvider, type Visit } from "../adapters/socket.ts";
import { socketTransport } from "./runtime.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}x-a: 1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n2;x\r\n w\r\n0\r\n\r\n`;
const SIZED = "HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\nkeep-alive: timeout=9\r\n\r\nhello";

/** Over a connection that was kept, if there is one, or over a new one. */
type Ask = (isNew?: boolean) => Promise<string>;

/** Asks a hand-made provider for as long as the work lasts; what is told is the status and the body. */
async function asking(answer: (visit: Visit) => void, work: (ask: Ask, provider: RawProvider) => Promise<void>) {
  const provider = await rawProvider(answer);
  const kept = socketTransport();
  const { signal } = new AbortController();
  const url = new URL("/x", provider.origin);
  const ask: Ask = async (isNew = false) => {
    const transport = isNew ? socketTransport() : kept;
    return told(await transport({ url, method: "GET", headers: [], body: null, signal }));
  };
  try {
    await work(ask, provider);
  } finally {
    provider.close();
  }
}

const told = async (inbound: Inbound) => `${inbound.status} ${latin1(await inbound.arrayBuffer())}`;
const latin1 = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("latin1");
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

describe("a kept connection", () => {
  test("that the provider closes isn't used again", async () => {
    let closed = gate();
    const answer = ({ socket, closed: over }: Visit) => {
      over.then(closed.open);
      socket.end(SIZED, "latin1");
    };
    await asking(answer, async (ask, provider) => {
      for (let visit = 1; visit <= 3; visit++) {
        closed = gate();
        assert.equal(await ask(), "404 hello");
        await closed.promise;
        await turn();
        assert.equal(provider.connections(), visit);
      }
    });
  });

  test("on which the provider speaks unasked is closed, and what it said is no answer", async () => {
    const closed = gate();
    const answer = ({ socket, closed: over }: Visit) => {
      over.then(closed.open);
      socket.write(SIZED, "latin1");
      setTimeout(() => socket.write(`${OK}content-length: 4\r\n\r\nevil`), 20);
    };
    await asking(answer, async (ask, provider) => {
      assert.equal(await ask(), "404 hello");
      await closed.promise;
      assert.equal(await ask(), "404 hello");
      assert.equal(provider.connections(), 2);
    });
  });

  test("isn't kept where more came than the answer", async () => {
    const answer = ({ socket }: Visit) => void socket.write(`${SIZED}${OK}content-length: 4\r\n\r\nevil`, "latin1");
    await asking(answer, async (ask, provider) => {
      for (let visit = 1; visit <= 3; visit++) {
        assert.equal(await ask(), "404 hello");
        assert.equal(provider.connections(), visit);
      }
    });
  });
});

describe("an answer over a socket", () => {
  test("may come byte by byte", async () => {
    const answer = async ({ socket }: Visit) => {
      for (const byte of Buffer.from(CHUNKED, "latin1")) {
        socket.write(Uint8Array.of(byte));
        await turn();
      }
    };
    await asking(answer, async (ask, provider) => {
      assert.equal(await ask(), "200 hello w");
      assert.equal(await ask(), "200 hello w");
      assert.equal(provider.connections(), 1);
    });
  });

  test("that is cut short anywhere fails", async () => {
    for (const whole of [CHUNKED, SIZED]) {
      let cut = 0;
      await asking(({ socket }) => void socket.end(whole.slice(0, cut), "latin1"), async (ask) => {
        for (; cut < whole.length; cut++) await assert.rejects(ask(), TransportError, whole.slice(0, cut));
        assert.match(await ask(), / hello/);
      });
    }
  });

  test("with a wrong byte is what it is to the reader of bytes, and never waits for what doesn't come", async () => {
    for (const whole of [CHUNKED, SIZED]) {
      let answer = whole;
      await asking(({ socket }) => void socket.end(answer, "latin1"), async (ask) => {
        for (let at = 0; at < whole.length; at += 2) {
          for (const byte of ["\n", "0", ":", "\xe9"]) {
            answer = whole.slice(0, at) + byte + whole.slice(at + 1);
            const failed = () => "failed";
            assert.equal(await ask(true).catch(failed), await read(answer).catch(failed), JSON.stringify(answer));
          }
        }
      });
    }
  });
});

/** Reads an answer that comes in one piece. */
async function read(answer: string): Promise<string> {
  const inbound = await new Promise<Inbound>((resolve, reject) => {
    const valve = { pause() {}, resume() {}, close() {} };
    const asker = { method: "GET", signal: new AbortController().signal, undo: () => undefined, resolve, reject };
    const exchange = new Exchange(asker, valve);
    try {
      if (exchange.receive(new Uint8Array(Buffer.from(answer, "latin1"))) !== "more") return;
      if (!exchange.close()) exchange.fail(undefined);
    } catch (error) {
      exchange.fail(error);
    }
  });
  return await told(inbound);
}
