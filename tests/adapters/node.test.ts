import assert from "node:assert/strict";
import http from "node:http";
import { describe, test } from "node:test";
import { node, serve, type Server } from "../../adapters/node.ts";
import { jsonAnswer, wholeAnswer } from "../../src/answer.ts";
import type { Incoming, Platform } from "../../src/call.ts";
import type { Gateway } from "../../src/entry.ts";
import { gate, rawClient, rawProvider } from "./socket.ts";

type Handle = (incoming: Incoming, platform: Platform) => Promise<Response> | Response;

const gatewayOf = (handle: Handle): Gateway => ({
  handle: async (incoming, platform) => await handle(incoming, platform),
  fetch: () => Promise.reject(new Error("not through here")),
});

/** Runs a server on a free port for as long as the work lasts. */
async function serving(handle: Handle, work: (server: Server) => Promise<void>): Promise<void> {
  const server = await serve(gatewayOf(handle), { port: 0 });
  try {
    await work(server);
  } finally {
    await server.stop(0);
  }
}

const get = (target: string, ...headers: string[]) =>
  ["GET", target, "HTTP/1.1\r\n"].join(" ") + headers.map((line) => `${line}\r\n`).join("") + "\r\n";

const encoder = new TextEncoder();
const text = async (incoming: Incoming) => new TextDecoder().decode(await incoming.arrayBuffer());

/** A body that gives what is put in, and tells when nobody wants it any more. */
function handBody() {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const cancelled = gate<unknown>();
  const body = new ReadableStream<Uint8Array>({
    start: (c) => void (controller = c),
    cancel: (reason) => cancelled.open(reason),
  });
  return {
    body,
    cancelled: cancelled.promise,
    put: (chunk: string) => controller.enqueue(encoder.encode(chunk)),
    end: () => controller.close(),
    break: (error: unknown) => controller.error(error),
  };
}

describe("what the gateway sees of a request", () => {
  test("Method, URL, headers and body arrive as they were sent", async () => {
    const seen = gate<unknown>();
    const handle: Handle = async (incoming, platform) => {
      const { method, url, headers } = incoming;
      seen.open({
        method,
        url,
        type: headers.get("Content-Type"),
        tags: headers.get("x-tag"),
        body: await text(incoming),
        address: platform.clientAddress(),
        runtime: platform.runtime,
      });
      return jsonAnswer("{}", 200);
    };
    await serving(handle, async ({ url }) => {
      const headers: [string, string][] = [["content-type", "application/json"], ["X-Tag", "a"], ["x-tag", "b"]];
      await (await fetch(`${url}/openai/v1/x?q=1#no`, { method: "POST", headers, body: '{"a":1}' })).text();
      assert.deepEqual(await seen.promise, {
        method: "POST",
        url: `${url}/openai/v1/x?q=1`,
        type: "application/json",
        tags: "a, b",
        body: '{"a":1}',
        address: "127.0.0.1",
        runtime: "node",
      });
    });
  });

  test("A body of several megabytes is the same whole and as a stream", async () => {
    const bytes = new Uint8Array(3_000_000).map((_, i) => i * 7);
    const sizes: number[] = [];
    const handle: Handle = async (incoming) => {
      const whole = incoming.url.endsWith("/whole");
      const body = whole ? await incoming.arrayBuffer() : await new Response(incoming.body).arrayBuffer();
      sizes.push(Buffer.compare(Buffer.from(body), bytes));
      return new Response(null, { status: 204 });
    };
    await serving(handle, async ({ url }) => {
      for (const path of ["/whole", "/stream"]) {
        assert.equal((await fetch(url + path, { method: "PUT", body: bytes })).status, 204);
      }
      assert.deepEqual(sizes, [0, 0]);
    });
  });

  test("A request without a body has none", async () => {
    const seen: unknown[] = [];
    const handle: Handle = async (incoming) => {
      seen.push(incoming.body, (await incoming.arrayBuffer()).byteLength);
      return jsonAnswer("{}", 200);
    };
    await serving(handle, async ({ url }) => {
      await (await fetch(url)).text();
      await (await fetch(url, { method: "POST" })).text();
      assert.deepEqual(seen, [null, 0, null, 0]);
    });
  });

  test("A body that breaks off rejects, whole or as a stream", async () => {
    for (const read of [(i: Incoming) => i.arrayBuffer(), (i: Incoming) => new Response(i.body).arrayBuffer()]) {
      const failed = gate<unknown>();
      const began = gate();
      const handle: Handle = async (incoming) => {
        const reading = read(incoming);
        began.open();
        await reading.catch(failed.open);
        return jsonAnswer("{}", 200);
      };
      await serving(handle, async ({ port }) => {
        const { socket } = rawClient(port, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc");
        await began.promise;
        socket.destroy();
        assert.match(String(await failed.promise), /closed the connection/);
      });
    }
  });

  test("A host that would turn into a path, a query or a user name is refused", async () => {
    let calls = 0;
    await serving(() => (calls++, jsonAnswer("{}", 200)), async ({ port }) => {
      for (
        const host of ["x/echo/EVIL?", "x#", "x\\y", "a@b", "x y", "", "[::1", "x:99999", "x:y", "999.1.1.1", "a,b"]
      ) {
        const answer = await rawClient(port, get("/safe", `Host: ${host}`, "connection: close")).all;
        assert.match(answer, /^HTTP\/1\.1 400 /, host);
      }
      for (const hosts of [["host: a", "host: b"], ["host: a", "Host: a"], []]) {
        assert.match(await rawClient(port, get("/safe", ...hosts, "connection: close")).all, /^HTTP\/1\.1 400 /);
      }
      assert.equal(calls, 0);
    });
  });

  test("Usual hosts and targets make the URL that was meant", async () => {
    const asked: readonly [string, string, string | undefined][] = [
      ["/a?b=c", "api.example.com", "http://api.example.com/a?b=c"],
      ["//evil/x", "a_b:80", "http://a_b:80//evil/x"],
      ["/x", "[::1]:8787", "http://[::1]:8787/x"],
      ["http://other:1/p?q", "x", "http://other:1/p?q"],
      ["http://other", "x", "http://other/"],
      ["http://a@b/p", "x", undefined],
      ["ftp://a/p", "x", undefined],
    ];
    await serving(({ url }) => new Response(url), async ({ port }) => {
      for (const [target, host, url] of asked) {
        const answer = await rawClient(port, get(target, `host: ${host}`, "connection: close")).all;
        if (url === undefined) assert.match(answer, /^HTTP\/1\.1 400 /, target);
        else assert.ok(answer.includes(`\r\n\r\n${url.length.toString(16)}\r\n${url}\r\n`), answer);
      }
      const options = "OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
      assert.match(await rawClient(port, options).all, /http:\/\/x\/\*/);
    });
  });

  test("Malformed requests never reach the gateway", async () => {
    let calls = 0;
    const bad = [
      "GET / HTTP/9.9\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET / HTTP/1.1\r\nhost: x\r\nbad name: 1\r\n\r\n",
      `GET / HTTP/1.1\r\nhost: x\r\nlong: ${"a".repeat(40_000)}\r\n\r\n`,
    ];
    await serving(() => (calls++, jsonAnswer("{}", 200)), async ({ port }) => {
      for (const request of bad) {
        assert.match(await rawClient(port, request).all, /^HTTP\/1\.1 4\d\d /, request.slice(0, 60));
      }
      assert.equal(calls, 0);
    });
  });

  test("A client that waits for 100 Continue gets it", async () => {
    await serving(async (incoming) => new Response(await text(incoming)), async ({ port }) => {
      const head =
        "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n";
      const client = rawClient(port, head);
      await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      client.socket.write("hi");
      assert.match(await client.all, /hi/);
    });
  });
});

describe("what the client sees of an answer", () => {
  test("Status, headers and bytes go out, cookies one by one, with a length where it is known", async () => {
    const headers = new Headers({
      "content-type": "text/plain",
      "transfer-encoding": "chunked",
      "content-length": "999",
    });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    await serving(() => wholeAnswer(encoder.encode("héllo"), { status: 418, headers }), async ({ port }) => {
      const answer = await rawClient(port, get("/", "host: x", "connection: close")).all;
      assert.match(answer, /^HTTP\/1\.1 418 I'm a Teapot\r\n/);
      assert.match(answer, /set-cookie: a=1\r\nset-cookie: b=2\r\n/);
      assert.match(answer, /content-length: 6\r\n/);
      assert.doesNotMatch(answer, /transfer-encoding|999/);
      assert.ok(answer.endsWith(`\r\n\r\n${Buffer.from("héllo").toString("latin1")}`));
    });
  });

  test("HEAD, 204 and 304 have no body, and the answer's is let go", async () => {
    for (const [method, status] of [["HEAD", 200], ["GET", 204], ["GET", 304]] as const) {
      const hand = handBody();
      const answer = () =>
        new Response(status === 200 ? hand.body : null, { status, headers: { "content-length": "12", "x-a": "b" } });
      await serving(answer, async ({ port }) => {
        const client = rawClient(port, `${method} / HTTP/1.1\r\nhost: x\r\n\r\n`);
        const head = await client.until(/\r\n\r\n/);
        assert.match(head, /x-a: b/);
        assert.equal(head.includes("content-length"), status !== 204);
        if (status === 200) await hand.cancelled;
        client.socket.write(`${method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
        assert.equal((await client.all).split("HTTP/1.1 ").length, 3, "the connection stayed in step");
      });
    }
  });

  test("An answer without a body has a length of nought", async () => {
    await serving(() => new Response(null, { status: 200 }), async ({ port }) => {
      assert.match(await rawClient(port, get("/", "host: x", "connection: close")).all, /content-length: 0\r\n/);
    });
  });

  test("The head goes out before the first byte, and each chunk before the next is there", async () => {
    const hand = handBody();
    await serving(() => new Response(hand.body), async ({ port }) => {
      const client = rawClient(port, get("/", "host: x", "connection: close"));
      await client.until(/\r\n\r\n$/);
      for (const chunk of ["one", "two", "three"]) {
        hand.put(chunk);
        await client.until(new RegExp(`${chunk}\r\n$`));
      }
      hand.end();
      assert.match(await client.all, /0\r\n\r\n$/);
    });
  });

  test("A body that breaks off breaks the connection, with a length or without", async () => {
    for (const headers of [{}, { "content-length": "100" }]) {
      const hand = handBody();
      await serving(() => new Response(hand.body, { headers }), async ({ port }) => {
        const client = rawClient(port, get("/", "host: x"));
        hand.put("part");
        await client.until(/part/);
        hand.break(new Error("secret detail"));
        const all = await client.all;
        assert.doesNotMatch(all, /\r\n0\r\n\r\n$|secret/);
      });
    }
  });

  test("A body that is shorter or longer than it says breaks the connection", async () => {
    for (const length of ["3", "30"]) {
      const hand = handBody();
      await serving(() => new Response(hand.body, { headers: { "content-length": length } }), async ({ port }) => {
        const client = rawClient(port, get("/", "host: x"));
        hand.put("0123456789");
        hand.end();
        const [, body = ""] = (await client.all).split("\r\n\r\n");
        assert.ok(body.length === 0 || body === "0123456789", body);
      });
    }
  });

  test("A client that doesn't read stops the provider's bytes", async () => {
    let produced = 0;
    const chunk = new Uint8Array(64 * 1024);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        produced += chunk.byteLength;
        if (produced > 400_000_000) controller.close();
        else controller.enqueue(chunk);
      },
    }, { highWaterMark: 0 });
    await serving(() => new Response(body), async ({ port }) => {
      const client = rawClient(port, get("/", "host: x"));
      client.socket.pause();
      let before = -1;
      while (before !== produced || produced === 0) {
        before = produced;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(produced < 20_000_000, `${produced} bytes for a client that reads none`);
      client.socket.destroy();
    });
  });

  test("A header that can't be written is a 500, not a dead process", async () => {
    const hand = handBody();
    await serving(() => new Response(hand.body, { headers: { "x-a": "a\x01b" } }), async ({ url }) => {
      assert.equal((await fetch(url)).status, 500);
      await hand.cancelled;
    });
  });

  test("A gateway that fails is a 500 without its reasons", async () => {
    await serving(() => Promise.reject(new Error("secret detail")), async ({ url }) => {
      const answer = await fetch(url);
      assert.equal(answer.status, 500);
      assert.doesNotMatch(await answer.text(), /secret/);
    });
  });

  test("A request to upgrade is answered like any other", async () => {
    const answer = () => jsonAnswer("{}", 426, { upgrade: "websocket", connection: "Upgrade" });
    await serving(answer, async ({ port }) => {
      const client = rawClient(port, get("/", "host: x", "connection: Upgrade", "upgrade: websocket"));
      assert.match(await client.until(/\{\}$/), /^HTTP\/1\.1 426 /);
      client.socket.destroy();
    });
  });
});

describe("a client that goes away", () => {
  test("before the answer: the signal fires, and an answer that comes too late is let go", async () => {
    const hand = handBody();
    const arrived = gate();
    const handle: Handle = async ({ signal }) => {
      arrived.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      assert.equal(signal.reason.name, "AbortError");
      return new Response(hand.body);
    };
    await serving(handle, async ({ port }) => {
      const client = rawClient(port, get("/", "host: x"));
      await arrived.promise;
      client.socket.destroy();
      await hand.cancelled;
    });
  });

  test("mid-stream: the body is cancelled and the signal fires", async () => {
    const hand = handBody();
    const aborted = gate<unknown>();
    const handle: Handle = ({ signal }) => {
      signal.addEventListener("abort", aborted.open);
      return new Response(hand.body);
    };
    await serving(handle, async ({ port }) => {
      const client = rawClient(port, get("/", "host: x"));
      hand.put("part");
      await client.until(/part/);
      client.socket.destroy();
      await Promise.all([hand.cancelled, aborted.promise]);
    });
  });

  test("with a request queued behind another on the same connection: both are told", async () => {
    const hands = [handBody(), handBody()];
    const arrived = gate();
    const signals: AbortSignal[] = [];
    const handle: Handle = ({ signal }) => {
      const hand = hands[signals.length];
      if (signals.push(signal) === 2) arrived.open();
      return new Response(hand!.body);
    };
    await serving(handle, async ({ port }) => {
      const client = rawClient(port, get("/1", "host: x") + get("/2", "host: x"));
      await arrived.promise;
      client.socket.destroy();
      await Promise.all(hands.map((hand) => hand.cancelled));
      assert.ok(signals.every((signal) => signal.aborted));
    });
  });

  test("closes the provider's connection, before the answer and in its middle", async () => {
    for (const isStreaming of [false, true]) {
      const arrived = gate();
      const closed = gate();
      const provider = await rawProvider((visit) => {
        visit.closed.then(closed.open);
        if (isStreaming) visit.socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n");
        arrived.open();
      });
      const handle: Handle = async ({ method, signal }, { transport }) => {
        const inbound = await transport({ url: new URL(provider.origin), method, headers: [], body: null, signal });
        return new Response(inbound.body, { status: inbound.status });
      };
      await serving(handle, async ({ port }) => {
        const client = rawClient(port, get("/", "host: x"));
        await (isStreaming ? client.until(/part/) : arrived.promise);
        client.socket.destroy();
        await closed.promise;
      });
      provider.close();
    }
  });

  test("never is one that got its answer", async () => {
    const signals: AbortSignal[] = [];
    const handle: Handle = ({ signal, url }) => {
      signals.push(signal);
      return url.endsWith("/whole") ? jsonAnswer("{}", 200) : new Response(new Blob(["x"]).stream());
    };
    await serving(handle, async ({ port }) => {
      const client = rawClient(port, get("/whole", "host: x") + get("/stream", "host: x", "connection: close"));
      await client.all;
      assert.deepEqual(signals.map((signal) => signal.aborted), [false, false]);
    });
  });

  test("A refused upload leaves the connection open for the answer", async () => {
    const handle: Handle = async (incoming) => {
      const reader = incoming.body!.getReader();
      await reader.read();
      await reader.cancel();
      return jsonAnswer('"too large"', 413);
    };
    await serving(handle, async ({ port }) => {
      const size = 4_000_000;
      const client = rawClient(port, `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${size}\r\n\r\n`);
      client.socket.write(Buffer.alloc(size));
      assert.match(await client.until(/"too large"/), /^HTTP\/1\.1 413 /);
      client.socket.destroy();
    });
  });
});

describe("stopping", () => {
  test("lets a stream finish, refuses new connections, and closes idle ones", async () => {
    const hand = handBody();
    const server = await serve(
      gatewayOf(({ url }) => url.endsWith("/stream") ? new Response(hand.body) : jsonAnswer("{}", 200)),
      { port: 0 },
    );
    const idle = rawClient(server.port, get("/", "host: x"));
    await idle.until(/\{\}$/);
    const client = rawClient(server.port, get("/stream", "host: x"));
    hand.put("one");
    await client.until(/one/);
    const stopped = server.stop(60_000);
    await idle.all;
    await assert.rejects(fetch(server.url));
    hand.put("two");
    await client.until(/two/);
    hand.end();
    assert.match(await client.all, /two\r\n\r\n?0\r\n\r\n$|two\r\n0\r\n\r\n$/);
    await stopped;
  });

  test("lets a slow client take the rest of an answer that is written", async () => {
    const size = 8_000_000;
    const server = await serve(gatewayOf(() => wholeAnswer(new Uint8Array(size), {})), { port: 0 });
    const client = rawClient(server.port, get("/", "host: x"));
    await client.until(/\r\n\r\n/);
    client.socket.pause();
    const stopped = server.stop(60_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.socket.resume();
    const all = await client.all;
    assert.equal(all.length - all.indexOf("\r\n\r\n") - 4, size);
    await stopped;
  });

  test("cuts off what lasts longer than the drain", async () => {
    const hand = handBody();
    const server = await serve(gatewayOf(() => new Response(hand.body)), { port: 0 });
    const client = rawClient(server.port, get("/", "host: x"));
    hand.put("one");
    await client.until(/one/);
    await server.stop(20);
    assert.doesNotMatch(await client.all, /0\r\n\r\n$/);
    await hand.cancelled;
  });

  test("waits for the book-keeping of a call that was cut off", async () => {
    const hand = handBody();
    let isDone = false;
    const handle: Handle = (_, { after }) => {
      after(hand.cancelled.then(() => new Promise((resolve) => setTimeout(resolve, 20))).then(() => isDone = true));
      return new Response(hand.body);
    };
    const server = await serve(gatewayOf(handle), { port: 0 });
    const client = rawClient(server.port, get("/", "host: x"));
    hand.put("one");
    await client.until(/one/);
    await server.stop(0);
    assert.equal(isDone, true);
  });

  test("waits for work that outlives its answer", async () => {
    const finish = gate();
    let isDone = false;
    const handle: Handle = (_, { after }) => {
      after(finish.promise.then(() => isDone = true));
      after(Promise.reject(new Error("its own affair")));
      return jsonAnswer("{}", 200);
    };
    const server = await serve(gatewayOf(handle), { port: 0 });
    await (await fetch(server.url)).text();
    const stopped = server.stop(60_000);
    finish.open();
    await stopped;
    assert.equal(isDone, true);
    await server.stop(0);
  });
});

test("A port that is taken rejects", async () => {
  const server = await serve(gatewayOf(() => jsonAnswer("{}", 200)), { port: 0 });
  await assert.rejects(serve(gatewayOf(() => jsonAnswer("{}", 200)), { port: server.port }), { code: "EADDRINUSE" });
  await server.stop(0);
});

test("A gateway listens on somebody else's server", async () => {
  const server = http.createServer(node(gatewayOf(({ url }) => new Response(url))));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/x`)).text(), `http://127.0.0.1:${port}/x`);
  server.close();
  server.closeAllConnections();
});
