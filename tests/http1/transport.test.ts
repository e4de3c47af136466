import assert from "node:assert/strict";
import { describe, test } from "node:test";
import zlib from "node:zlib";
import type { Inbound, Outbound } from "../../src/call.ts";
import { gate, type RawProvider, rawProvider, type Visit } from "../adapters/socket.ts";
import { socketTransport } from "./runtime.ts";

const PLAIN = "hello ".repeat(1000);
const OK = "HTTP/1.1 200 OK\r\n";

/** Asks a hand-made provider for as long as the work lasts. */
async function asking(
  answer: (visit: Visit) => void,
  work: (
    ask: (outbound?: Partial<Outbound> & { path?: string }) => Promise<Inbound>,
    provider: RawProvider,
  ) => Promise<void>,
): Promise<void> {
  const provider = await rawProvider(answer);
  const transport = socketTransport();
  try {
    await work(({ path = "/v1/x?q=1", ...outbound } = {}) =>
      transport({
        url: new URL(path, provider.origin),
        method: "GET",
        headers: [],
        body: null,
        signal: new AbortController().signal,
        ...outbound,
      }), provider);
  } finally {
    provider.close();
  }
}

const textOf = async (inbound: Inbound) => new TextDecoder().decode(await inbound.arrayBuffer());
const bytesOf = (text: string) => new TextEncoder().encode(text);
const always = (answer: string) => ({ socket }: Visit) => void socket.write(answer, "latin1");

/** What a failed attempt is told. */
async function failure(work: Promise<unknown>): Promise<Error & { code?: string }> {
  const error = await work.then(() => undefined, (error) => error);
  assert.ok(error instanceof Error, "it didn't fail");
  assert.doesNotMatch(error.message, /127\.0\.0\.1|localhost|http:|\/v1/);
  return error;
}

describe("what a provider is sent", () => {
  test("One request line, the headers as given, and framing that fits the body", async () => {
    const heads: string[] = [];
    const bodies: string[] = [];
    const answer = ({ head, body, socket }: Visit) => {
      heads.push(head);
      const look = () => {
        if (!/\{\}|0\r\n\r\n$/.test(body()) && !/^GET|length: 0/.test(head)) return void setImmediate(look);
        bodies.push(body());
        socket.write(`${OK}content-length: 0\r\n\r\n`);
      };
      look();
    };
    await asking(answer, async (ask, { origin }) => {
      const host = new URL(origin).host;
      const headers = [["authorization", "Bearer k"], ["x-a", "1"], ["x-a", "2"]] as const;
      await (await ask({ headers })).arrayBuffer();
      await (await ask({ method: "POST", headers: [] })).arrayBuffer();
      await (await ask({ method: "POST", body: bytesOf("{}") })).arrayBuffer();
      await (await ask({ method: "POST", body: new Blob(["{}"]).stream() as ReadableStream<Uint8Array<ArrayBuffer>> }))
        .arrayBuffer();
      await (await ask({
        method: "POST",
        body: new Blob(["{}"]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>,
        length: 2,
      })).arrayBuffer();
      const lines = (at: number) => heads[at]!.split("\r\n").filter((line) => !/^connection/i.test(line));
      assert.deepEqual(lines(0), [
        "GET /v1/x?q=1 HTTP/1.1",
        `host: ${host}`,
        "authorization: Bearer k",
        "x-a: 1",
        "x-a: 2",
      ]);
      assert.deepEqual(lines(1), ["POST /v1/x?q=1 HTTP/1.1", `host: ${host}`, "content-length: 0"]);
      assert.deepEqual(lines(2), ["POST /v1/x?q=1 HTTP/1.1", `host: ${host}`, "content-length: 2"]);
      assert.deepEqual(lines(3), ["POST /v1/x?q=1 HTTP/1.1", `host: ${host}`, "transfer-encoding: chunked"]);
      assert.deepEqual(lines(4), ["POST /v1/x?q=1 HTTP/1.1", `host: ${host}`, "content-length: 2"]);
      assert.deepEqual(bodies, ["", "", "{}", "2\r\n{}\r\n0\r\n\r\n", "{}"]);
    });
  });

  test("Attempts one after the other share a connection; ones at a time don't", async () => {
    await asking(always(`${OK}content-length: 2\r\n\r\nok`), async (ask, provider) => {
      for (let i = 0; i < 5; i++) assert.equal(await textOf(await ask()), "ok");
      assert.equal(provider.connections(), 1);
      await Promise.all([ask(), ask()].map(async (inbound) => await textOf(await inbound)));
      assert.equal(provider.connections(), 2);
    });
  });

  test("A header that HTTP doesn't allow is never sent", async () => {
    let visits = 0;
    await asking(() => visits++, async (ask) => {
      for (const header of [["a", "b\r\nx: y"], ["a\r\nb", "c"], ["a", "\u20ac"]] as const) {
        await failure(ask({ headers: [header] }));
      }
      assert.equal(visits, 0);
    });
  });

  test("An upload that isn't as long as announced breaks off", async () => {
    await asking(() => {}, async (ask) => {
      for (const length of [1, 3]) {
        const body = new Blob(["{}"]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
        assert.match((await failure(ask({ method: "POST", body, length }))).message, /isn't as long/);
      }
    });
  });

  test("An upload that fails breaks the request off", async () => {
    const arrived = gate();
    const closed = gate();
    const answer = (visit: Visit) => {
      visit.closed.then(closed.open);
      arrived.open();
    };
    await asking(answer, async (ask) => {
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(controller) {
          controller.enqueue(bytesOf("part"));
          arrived.promise.then(() => controller.error(new Error("client gone")));
        },
      });
      await failure(ask({ method: "POST", body }));
      await closed.promise;
    });
  });

  test("A provider that doesn't read stops the upload", async () => {
    let produced = 0;
    const arrived = gate();
    const answer = ({ socket }: Visit) => {
      socket.pause();
      arrived.open();
    };
    await asking(answer, async (ask) => {
      const chunk = new Uint8Array(64 * 1024);
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          produced += chunk.byteLength;
          if (produced > 400_000_000) controller.close();
          else controller.enqueue(chunk);
        },
      }, { highWaterMark: 0 });
      const leaving = new AbortController();
      const asked = ask({ method: "POST", body, signal: leaving.signal });
      await arrived.promise;
      let before = -1;
      while (before !== produced) {
        before = produced;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(produced < 20_000_000, `${produced} bytes for a provider that reads none`);
      leaving.abort();
      await assert.rejects(asked, { name: "AbortError" });
    });
  });

  test("A provider that answers before it has read everything is heard", async () => {
    const cancelled = gate<unknown>();
    await asking(always("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"), async (ask) => {
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => controller.enqueue(bytesOf("part")),
        cancel: cancelled.open,
      });
      const inbound = await ask({ method: "POST", body });
      assert.equal(inbound.status, 413);
      await inbound.body?.cancel();
      await cancelled.promise;
    });
  });
});

test("A connection whose request the provider hasn't taken whole isn't used for another", async () => {
  const answer = ({ socket }: Visit) => {
    socket.pause();
    socket.write(`${OK}content-length: 2\r\n\r\nno`);
  };
  await asking(answer, async (ask, provider) => {
    assert.equal(await textOf(await ask({ method: "POST", body: new Uint8Array(16_000_000) })), "no");
    assert.equal(await textOf(await ask()), "no");
    assert.equal(provider.connections(), 2);
  });
});

describe("what comes back", () => {
  test("Status, headers and body, whole or as a stream, chunked or up to the end", async () => {
    const framings = [
      "content-length: 5\r\n\r\nhello",
      "transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\ntrailer: x\r\n\r\n",
      "connection: close\r\n\r\nhello",
    ];
    for (const framing of framings) {
      const answer = ({ socket }: Visit) => {
        socket.write(`HTTP/1.1 429 Slow Down\r\nX-A: 1\r\nx-a: 2\r\nset-cookie: a\r\nset-cookie: b\r\n${framing}`);
        if (framing.startsWith("connection")) socket.end();
      };
      await asking(answer, async (ask) => {
        const inbound = await ask();
        assert.equal(inbound.status, 429);
        assert.equal(inbound.headers.get("x-a"), "1, 2");
        assert.deepEqual(inbound.headers.getSetCookie(), ["a", "b"]);
        assert.notEqual(inbound.body, null);
        assert.equal(await textOf(inbound), "hello");
        assert.equal(await new Response((await ask()).body).text(), "hello");
      });
    }
  });

  test("Hints before the answer are passed over", async () => {
    const hints = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
    await asking(always(`${hints}${OK}content-length: 2\r\n\r\nok`), async (ask) => {
      assert.equal(await textOf(await ask()), "ok");
    });
  });

  test("HEAD, 204 and 304 have no body, and the connection stays", async () => {
    let status = 200;
    await asking(
      ({ socket }) =>
        void socket.write(
          `HTTP/1.1 ${status} X\r\n${status === 204 ? "" : "content-length: 5\r\n"}content-encoding: gzip\r\n\r\n`,
        ),
      async (ask, provider) => {
        for (const [method, next] of [["HEAD", 200], ["GET", 204], ["GET", 304], ["HEAD", 200]] as const) {
          status = next;
          const inbound = await ask({ method });
          assert.equal(inbound.body, null);
          assert.equal((await inbound.arrayBuffer()).byteLength, 0);
          assert.equal(inbound.headers.get("content-encoding"), "gzip");
          await new Promise(setImmediate);
        }
        assert.equal(provider.connections(), 1);
      },
    );
  });

  test("A redirect is an answer", async () => {
    let visits = 0;
    await asking(
      (visit) => (visits++, always("HTTP/1.1 307 X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")(visit)),
      async (ask) => {
        const inbound = await ask();
        assert.equal(inbound.status, 307);
        assert.equal(inbound.headers.get("location"), "/elsewhere");
        assert.equal(visits, 1);
      },
    );
  });

  test("Each chunk is there before the next is sent", async () => {
    const socket = gate<Visit["socket"]>();
    await asking((visit) => {
      visit.socket.write(`${OK}transfer-encoding: chunked\r\n\r\n`);
      socket.open(visit.socket);
    }, async (ask) => {
      const reader = (await ask()).body!.getReader();
      for (const chunk of ["one", "two", "six"]) {
        (await socket.promise).write(`3\r\n${chunk}\r\n`);
        const { value } = await reader.read();
        assert.equal(new TextDecoder().decode(value), chunk);
        assert.equal(value?.constructor, Uint8Array);
      }
      (await socket.promise).write("0\r\n\r\n");
      assert.equal((await reader.read()).done, true);
    });
  });

  test("A reader that pauses stops the provider", async () => {
    let sent = 0;
    const answer = ({ socket }: Visit) => {
      socket.write(`${OK}content-length: 400000000\r\n\r\n`);
      const more = () => {
        while (sent < 400_000_000 && !socket.destroyed) {
          sent += 65_536;
          if (!socket.write(Buffer.alloc(65_536))) return void socket.once("drain", more);
        }
      };
      more();
    };
    await asking(answer, async (ask) => {
      const reader = (await ask()).body!.getReader();
      await reader.read();
      let before = -1;
      while (before !== sent) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(sent < 20_000_000, `${sent} bytes for a reader that pauses`);
      await reader.cancel();
    });
  });
});

describe("encodings that nobody asked for", () => {
  const encoders: Readonly<Record<string, (text: string) => Buffer>> = {
    gzip: zlib.gzipSync,
    "X-Gzip": zlib.gzipSync,
    deflate: zlib.deflateSync,
    br: zlib.brotliCompressSync,
    ...("zstdCompressSync" in zlib ? { zstd: zlib.zstdCompressSync } : {}),
  };

  for (const [encoding, encode] of Object.entries(encoders)) {
    test(`${encoding} is undone, and so is its label`, async () => {
      const bytes = encode(PLAIN);
      const answer = ({ socket }: Visit) => {
        socket.write(`${OK}content-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n\r\n`);
        socket.write(bytes);
      };
      await asking(answer, async (ask) => {
        const inbound = await ask();
        assert.equal(await textOf(inbound), PLAIN);
        assert.equal(inbound.headers.get("content-encoding"), null);
        assert.equal(inbound.headers.get("content-length"), null);
        assert.equal(await new Response((await ask()).body).text(), PLAIN);
      });
    });
  }

  for (const encoding of ["gzip, br", "gzip,gzip", "identity", "aes128gcm"]) {
    test(`${encoding} is left as it is, and so is its label`, async () => {
      await asking(always(`${OK}content-encoding: ${encoding}\r\ncontent-length: 3\r\n\r\nabc`), async (ask) => {
        const inbound = await ask();
        assert.equal(await textOf(inbound), "abc");
        assert.equal(inbound.headers.get("content-encoding"), encoding);
        assert.equal(inbound.headers.get("content-length"), "3");
      });
    });
  }

  test("An empty body needs no decoder", async () => {
    await asking(always(`${OK}content-encoding: gzip\r\ncontent-length: 0\r\n\r\n`), async (ask) => {
      assert.equal(await textOf(await ask()), "");
    });
  });

  test("What isn't encoded as it says, or is cut short, fails", async () => {
    const whole = zlib.gzipSync(PLAIN);
    for (const bytes of [Buffer.from("plain text"), whole.subarray(0, 30)]) {
      const answer = ({ socket }: Visit) => {
        socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n`);
        socket.write(bytes);
      };
      await asking(answer, async (ask) => {
        assert.match((await failure((await ask()).arrayBuffer())).message, /isn't encoded as it says/);
        const { body } = await ask();
        await failure(new Response(body).arrayBuffer().catch((error) => Promise.reject(error.cause ?? error)));
      });
    }
  });

  test("A bomb is inflated no further than it is read", async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(300_000_000));
    const answer = ({ socket }: Visit) => {
      socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    };
    await asking(answer, async (ask) => {
      const before = process.memoryUsage().rss;
      const reader = (await ask()).body!.getReader();
      for (let i = 0; i < 10; i++) await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok(process.memoryUsage().rss - before < 100_000_000);
      await reader.cancel();
    });
  });
});

describe("what goes wrong", () => {
  test("A provider that isn't there, hangs up or talks nonsense rejects, and no host is named", async () => {
    const cases: readonly [(visit: Visit) => void, RegExp, string | undefined][] = [
      [({ socket }) => void socket.resetAndDestroy(), /closed the connection/, "ECONNRESET"],
      [({ socket }) => void socket.end(), /closed the connection/, "ECONNRESET"],
      [({ socket }) => void socket.end("SSH-2.0-x\r\n"), /isn't proper HTTP/, undefined],
      [
        ({ socket }) => void socket.end(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\n`),
        /isn't proper HTTP/,
        undefined,
      ],
      [
        ({ socket }) => void socket.write(`${OK}a: ${"b".repeat(40_000)}\r\n\r\n`),
        /too many bytes of headers/,
        "ERR_HEAD_TOO_LARGE",
      ],
      [always("HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"), /./, undefined],
    ];
    for (const [answer, message, code] of cases) {
      await asking(answer, async (ask) => {
        const error = await failure(ask());
        assert.match(error.message, message);
        if (code !== undefined) assert.equal(error.code, code);
      });
    }
    const gone = await rawProvider(() => {});
    gone.close();
    const outbound = { method: "GET", headers: [], body: null, signal: new AbortController().signal };
    const refused = await failure(socketTransport()({ ...outbound, url: new URL(gone.origin) }));
    assert.equal(refused.message, "The provider refused the connection.");
    assert.equal(refused.code, "ECONNREFUSED");
  });

  test("A body that breaks off fails, whole or as a stream", async () => {
    const cuts: readonly ((visit: Visit) => void)[] = [
      ({ socket }) => void socket.end(`${OK}content-length: 100\r\n\r\npart`),
      ({ socket }) => void socket.end(`${OK}transfer-encoding: chunked\r\n\r\n4\r\npart\r\n`),
      ({ socket }) =>
        void socket.write(`${OK}transfer-encoding: chunked\r\n\r\n4\r\npart\r\n`, () => socket.resetAndDestroy()),
      ({ socket }) => void socket.end(`${OK}transfer-encoding: chunked\r\n\r\n4\r\npart\r\nzz\r\n`),
    ];
    for (const cut of cuts) {
      await asking(cut, async (ask) => {
        const whole = async () => await (await ask()).arrayBuffer();
        await failure(whole());
        const stream = async () => {
          const reader = (await ask()).body!.getReader();
          while (!(await reader.read()).done);
        };
        await failure(stream());
      });
    }
  });
});

describe("an attempt that is called off", () => {
  const reason = new DOMException("enough", "TimeoutError");

  test("before it began: nothing is sent", async () => {
    await asking(() => {}, async (ask, provider) => {
      await assert.rejects(ask({ signal: AbortSignal.abort(reason) }), reason);
      assert.equal(provider.connections(), 0);
    });
  });

  test("before the answer: the connection closes", async () => {
    const leaving = new AbortController();
    const closed = gate();
    const answer = (visit: Visit) => {
      visit.closed.then(closed.open);
      leaving.abort(reason);
    };
    await asking(answer, async (ask) => {
      await assert.rejects(ask({ signal: leaving.signal }), reason);
      await closed.promise;
    });
  });

  test("in the middle of the answer: the connection closes, and a reader is told why", async () => {
    for (const how of ["whole", "stream", "unread"]) {
      const leaving = new AbortController();
      const closed = gate();
      const answer = (visit: Visit) => {
        visit.closed.then(closed.open);
        always(`${OK}content-length: 100\r\n\r\npart`)(visit);
      };
      await asking(answer, async (ask) => {
        const inbound = await ask({ signal: leaving.signal });
        const reader = how === "stream" ? inbound.body!.getReader() : undefined;
        await reader?.read();
        const reading = how === "whole" ? inbound.arrayBuffer() : reader?.read();
        const told = reading === undefined ? undefined : assert.rejects(reading, reason);
        leaving.abort(reason);
        await told;
        await closed.promise;
        if (how === "unread") await assert.rejects(inbound.arrayBuffer(), reason);
      });
    }
  });

  test("by a reader that cancels: the connection closes", async () => {
    for (const isRead of [true, false]) {
      const closed = gate();
      const answer = (visit: Visit) => {
        visit.closed.then(closed.open);
        always(`${OK}content-length: 100\r\n\r\npart`)(visit);
      };
      await asking(answer, async (ask) => {
        const reader = (await ask()).body!.getReader();
        if (isRead) await reader.read();
        await reader.cancel();
        await closed.promise;
      });
    }
  });

  test("after its end: nothing happens", async () => {
    const leaving = new AbortController();
    await asking(always(`${OK}content-length: 2\r\n\r\nok`), async (ask, provider) => {
      assert.equal(await textOf(await ask({ signal: leaving.signal })), "ok");
      await new Promise(setImmediate);
      leaving.abort(reason);
      assert.equal(await textOf(await ask()), "ok");
      assert.equal(provider.connections(), 1);
    });
  });
});
