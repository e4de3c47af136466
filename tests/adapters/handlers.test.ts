import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bun } from "../../adapters/bun.ts";
import { deno } from "../../adapters/deno.ts";
import { isHost } from "../../adapters/host.ts";
import { Pending, within } from "../../adapters/pending.ts";
import { serverUrl } from "../../adapters/server.ts";
import { vercel } from "../../adapters/vercel.ts";
import { edge, onFetch } from "../../adapters/vercel/edge.ts";
import { workers } from "../../adapters/workers.ts";
import type { Incoming, Platform } from "../../src/call.ts";
import type { Gateway } from "../../src/entry.ts";

/** A gateway that keeps what it is handed. */
function witness(answer: () => Response | Promise<Response> = () => new Response("ok")) {
  const calls: { incoming: Incoming; platform: Platform }[] = [];
  const gateway: Gateway = {
    fetch: () => Promise.reject(new Error("not through here")),
    handle: async (incoming, platform) => {
      calls.push({ incoming, platform });
      return await answer();
    },
  };
  return { gateway, calls };
}

const post = (headers: Record<string, string> = {}) =>
  new Request("http://gw.test/x?q=1", { method: "POST", body: "hello", headers });

const bunServer = (timeouts: number[] = []) => ({
  requestIP: () => ({ address: "192.0.2.1" }),
  timeout: (_: Request, seconds: number) => void timeouts.push(seconds),
});

const context = (works: Promise<unknown>[] = []) => ({ waitUntil: (work: Promise<unknown>) => void works.push(work) });

/** Every adapter for a runtime that brings the request itself. */
const ADAPTERS: Readonly<Record<string, (gateway: Gateway, request: Request) => Promise<Response>>> = {
  deno: (gateway, request) => deno(gateway).fetch(request, { remoteAddr: { transport: "tcp", hostname: "192.0.2.1" } }),
  bun: (gateway, request) => bun(gateway).fetch(request, bunServer()),
  workers: (gateway, request) => workers(gateway).fetch(request, {}, context()),
  vercel: (gateway, request) => vercel(gateway).fetch(request),
  "vercel-edge": (gateway, request) => edge(gateway)(request, context()),
};

for (const [runtime, ask] of Object.entries(ADAPTERS)) {
  describe(`the ${runtime} adapter`, () => {
    test("hands over the request and what the platform does", async () => {
      const { gateway, calls } = witness();
      const request = post({ "cf-connecting-ip": "192.0.2.1", "x-real-ip": "192.0.2.1" });
      assert.equal(await (await ask(gateway, request)).text(), "ok");
      const { incoming, platform } = calls[0]!;
      assert.equal(incoming.method, "POST");
      assert.equal(incoming.url, "http://gw.test/x?q=1");
      assert.equal(incoming.headers.get("x-real-ip"), "192.0.2.1");
      assert.notEqual(incoming.body, null);
      assert.equal(new TextDecoder().decode(await incoming.arrayBuffer()), "hello");
      assert.equal(incoming.signal.aborted, false);
      assert.equal(platform.runtime, runtime);
      assert.equal(platform.clientAddress(), "192.0.2.1");
      assert.equal(typeof platform.transport, "function");
    });

    test("lets work that fails after the answer fail alone", async () => {
      const { gateway, calls } = witness();
      await ask(gateway, post());
      calls[0]!.platform.after(Promise.reject(new Error("its own affair")));
      await new Promise((resolve) => setTimeout(resolve, 1));
    });
  });
}

describe("hosts", () => {
  test("Names, addresses and ports are hosts; what would become a path, a query or a user name isn't", () => {
    for (const host of ["a", "api.example.com", "a_b:80", "127.0.0.1:8787", "[::1]", "[2001:db8::1]:443", "x--y.z"]) {
      assert.equal(isHost(host), true, host);
    }
    const bad = [
      "",
      "a/b",
      "a?b",
      "a#b",
      "a\\b",
      "a@b",
      "a b",
      "a,b",
      "a:b",
      "a:70000",
      "[::1",
      "::1",
      "[zz]",
      "999.1.1.1",
    ];
    for (const host of bad) assert.equal(isHost(host), false, host);
  });

  test("Deno, Bun and Workers refuse a request whose host isn't one", async () => {
    for (const runtime of ["deno", "bun", "workers"]) {
      const { gateway, calls } = witness();
      const request = new Proxy(post(), {
        get: (target, name) =>
          name === "headers" ? new Headers({ host: "x/admin?" }) : Reflect.get(target, name, target),
      });
      assert.equal((await ADAPTERS[runtime]!(gateway, request)).status, 400);
      assert.equal(calls.length, 0);
    }
  });
});

/** Longer than a call may take before an adapter looks at what lasts. */
const lasting = () => new Promise((resolve) => setTimeout(resolve, 100));

describe("Deno's signal", () => {
  async function asked() {
    let answer = (_: Response) => {};
    const { gateway, calls } = witness(() => new Promise((resolve) => answer = resolve));
    const leaving = new AbortController();
    const done = deno(gateway).fetch(new Request("http://gw.test/", { signal: leaving.signal }), {});
    const answered = async () => {
      answer(new Response("ok"));
      await done;
    };
    while (calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    return { signal: calls[0]!.incoming.signal, leaving, answered };
  }

  test("tells of a client that leaves before there is an answer, at once or later", async () => {
    for (const wait of [async () => {}, lasting]) {
      const { signal, leaving, answered } = await asked();
      await wait();
      const told = new Promise((resolve) => signal.addEventListener("abort", resolve));
      leaving.abort();
      await told;
      assert.equal(signal.reason, leaving.signal.reason);
      await answered();
    }
  });

  test("counts no longer once there is an answer", async () => {
    for (const wait of [async () => {}, lasting]) {
      const { signal, leaving, answered } = await asked();
      await wait();
      await answered();
      leaving.abort();
      await lasting();
      assert.equal(signal.aborted, false);
    }
  });
});

describe("Bun's handler", () => {
  test("lets a call last that takes its time, then gives the connection its time back", async () => {
    for (const [wait, expected] of [[async () => {}, []], [lasting, [0, 255]]] as const) {
      const timeouts: number[] = [];
      const { gateway } = witness(async () => {
        await wait();
        assert.deepEqual(timeouts, expected.slice(0, 1));
        return new Response("ok");
      });
      await bun(gateway).fetch(post(), bunServer(timeouts));
      assert.deepEqual(timeouts, expected);
    }
  });

  test("never shows an error page", async () => {
    const handler = bun(witness().gateway);
    assert.equal(handler.development, false);
    const answer = handler.error();
    assert.equal(answer.status, 500);
    assert.match(await answer.text(), /^The gateway failed to answer this request\.$/);
  });
});

describe("the Workers handler", () => {
  test("builds the gateway from the bindings, once for each set of them", async () => {
    const { gateway } = witness();
    const seen: unknown[] = [];
    const handler = workers((env: { key: string }) => (seen.push(env), gateway));
    const [one, two] = [{ key: "1" }, { key: "2" }];
    for (const env of [one, one, two, two]) await handler.fetch(post(), env, context());
    assert.deepEqual(seen, [one, two]);
  });

  test("tells the context of work that outlives the answer", async () => {
    const { gateway, calls } = witness();
    const works: Promise<unknown>[] = [];
    await workers(gateway).fetch(post(), {}, context(works));
    calls[0]!.platform.after(Promise.resolve("done"));
    assert.equal(await works[0], "done");
  });
});

describe("Vercel's handlers", () => {
  const CONTEXT = Symbol.for("@vercel/request-context");

  test("tell the request context of work that outlives the answer", async () => {
    const works: Promise<unknown>[] = [];
    const holder = globalThis as Record<symbol, unknown>;
    holder[CONTEXT] = { get: () => context(works) };
    try {
      for (const ask of [ADAPTERS.vercel!, (gateway: Gateway, request: Request) => edge(gateway)(request)]) {
        const { gateway, calls } = witness();
        await ask(gateway, post());
        calls[0]!.platform.after(Promise.resolve("done"));
      }
      assert.deepEqual(await Promise.all(works), ["done", "done"]);
    } finally {
      delete holder[CONTEXT];
    }
  });

  test("answer fetch events", async () => {
    const { gateway } = witness();
    let answer: Promise<Response> | undefined;
    onFetch(gateway)({ request: post(), respondWith: (given) => void (answer = given), ...context() });
    assert.equal(await (await answer)?.text(), "ok");
  });
});

describe("pending work", () => {
  test("is waited for, also what is added meanwhile, and no longer than said", async () => {
    const pending = new Pending();
    const told: string[] = [];
    pending.add(Promise.reject(new Error("its own affair")));
    pending.add(
      Promise.resolve().then(() => {
        pending.add(new Promise<void>((resolve) => setTimeout(resolve, 5)).then(() => void told.push("second")));
      }),
    );
    await pending.settled(60_000);
    assert.deepEqual(told, ["second"]);
    pending.add(new Promise(() => {}));
    await pending.settled(5);
    await pending.settled(0);
    await pending.settled(-1);
  });

  test("that ends either way ends the wait", async () => {
    await within(60_000, Promise.resolve());
    await within(60_000, Promise.reject(new Error("either way")));
    await within(1, new Promise(() => {}));
  });
});

test("The address of a server is written as clients write it", () => {
  assert.equal(serverUrl("127.0.0.1", 8787, false), "http://127.0.0.1:8787");
  assert.equal(serverUrl("::1", 443, true), "https://[::1]:443");
});
