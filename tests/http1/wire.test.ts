import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Chunked } from "../../adapters/http1/chunked.ts";
import { Exchange, type Progress } from "../../adapters/http1/exchange.ts";
import { ProtocolError, TransportError } from "../../adapters/http1/failure.ts";
import { type Framing, parseHead } from "../../adapters/http1/head.ts";
import { Intake } from "../../adapters/http1/intake.ts";
import { requestHead } from "../../adapters/http1/request.ts";
import type { Inbound, Outbound } from "../../src/call.ts";

const bytesOf = (text: string) => Buffer.from(text, "latin1");
const textOf = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString("latin1");

describe("the head of an answer", () => {
  const head = (...lines: string[]) => parseHead(lines.join("\r\n"), "GET");

  test("Status, fields and framing are read", () => {
    const read = head("HTTP/1.1 200 OK", "Content-Type:text/plain", "X-A:  b \t", "x-a: \xe9", "Content-Length: 12");
    assert.deepEqual(read, {
      status: 200,
      fields: ["content-type", "text/plain", "x-a", "b", "x-a", "\xe9", "content-length", "12"],
      framing: { kind: "length", length: 12 },
      isPersistent: true,
      idleSeconds: undefined,
    });
  });

  test("The framing follows status, method and fields", () => {
    const cases: readonly [string[], Framing["kind"]][] = [
      [["HTTP/1.1 200"], "close"],
      [["HTTP/1.1 200 ", "transfer-encoding: Chunked"], "chunked"],
      [["HTTP/1.1 204 OK", "content-length: 3"], "none"],
      [["HTTP/1.1 304 OK", "content-length: 3"], "none"],
      [["HTTP/1.1 103 OK"], "none"],
      [["HTTP/1.1 500 OK", "content-length: 0"], "length"],
    ];
    for (const [lines, kind] of cases) assert.equal(head(...lines).framing.kind, kind, lines.join());
    assert.equal(parseHead("HTTP/1.1 200 OK\r\ncontent-length: 3", "HEAD").framing.kind, "none");
  });

  test("A connection persists unless somebody says otherwise", () => {
    const persists = (version: string, ...lines: string[]) =>
      head(`HTTP/${version} 200 OK`, "content-length: 0", ...lines).isPersistent;
    assert.equal(persists("1.1"), true);
    assert.equal(persists("1.1", "connection: Keep-Alive"), true);
    assert.equal(persists("1.1", "connection: x, Close"), false);
    assert.equal(persists("1.1", "connection: x", "connection: close"), false);
    assert.equal(persists("1.0"), false);
    assert.equal(persists("1.0", "connection: keep-alive"), true);
    assert.equal(head("HTTP/1.1 200 OK").isPersistent, false);
    assert.equal(head("HTTP/1.1 200 OK", "keep-alive: max=5, timeout=12").idleSeconds, 12);
  });

  test("What could be read in two ways is refused", () => {
    const bad: readonly string[][] = [
      ["HTTP/2 200 OK"],
      ["HTTP/1.1 20 OK"],
      ["HTTP/1.1 2000 OK"],
      ["HTTP/1.1 099 OK"],
      ["HTTP/1.1  200 OK"],
      ["http/1.1 200 OK"],
      [""],
      ["HTTP/1.1 200 OK", "no colon"],
      ["HTTP/1.1 200 OK", ": no name"],
      ["HTTP/1.1 200 OK", "a : b"],
      ["HTTP/1.1 200 OK", "a b: c"],
      ["HTTP/1.1 200 OK", "a: b", " folded"],
      ["HTTP/1.1 200 OK", "a: b\nc: d"],
      ["HTTP/1.1 200 OK", "a: b\rc"],
      ["HTTP/1.1 200 OK", "a: b\0"],
      ["HTTP/1.1 200 OK", "", "a: b"],
      ["HTTP/1.1 200 OK", "content-length: 1", "content-length: 1"],
      ["HTTP/1.1 200 OK", "content-length: 1, 1"],
      ["HTTP/1.1 200 OK", "content-length: +1"],
      ["HTTP/1.1 200 OK", "content-length: 0x1"],
      ["HTTP/1.1 200 OK", "content-length: "],
      ["HTTP/1.1 200 OK", "content-length: 9999999999999999"],
      ["HTTP/1.1 200 OK", "content-length: 1", "transfer-encoding: chunked"],
      ["HTTP/1.1 200 OK", "transfer-encoding: gzip, chunked"],
      ["HTTP/1.1 200 OK", "transfer-encoding: identity"],
      ["HTTP/1.1 200 OK", "transfer-encoding: chunked", "transfer-encoding: chunked"],
      ["HTTP/1.1 200 OK", "transfer-encoding: \x0bchunked"],
    ];
    for (const lines of bad) assert.throws(() => head(...lines), ProtocolError, JSON.stringify(lines));
  });
});

describe("the chunked coding", () => {
  /** Feeds pieces; gives the data, and how many bytes of the last piece belonged to the body. */
  function unchunk(pieces: readonly string[]): { data: string; end: number | undefined } {
    const chunked = new Chunked();
    let data = "";
    let end: number | undefined;
    for (const piece of pieces) end = chunked.push(bytesOf(piece), (bytes) => data += textOf(bytes));
    return { data, end };
  }

  const BODY = "5;name=value\r\nhello\r\nA \r\n0123456789\r\n0\r\ntrailer: x\r\nother: y\r\n\r\n";

  test("A body is the same wherever it is cut", () => {
    for (let at = 0; at <= BODY.length; at++) {
      assert.equal(unchunk([BODY.slice(0, at), BODY.slice(at)]).data, "hello0123456789");
    }
    assert.deepEqual(unchunk([...BODY]), { data: "hello0123456789", end: 1 });
    assert.deepEqual(unchunk([`${BODY}HTTP`]), { data: "hello0123456789", end: BODY.length });
  });

  test("It has no end before its end", () => {
    for (let at = 0; at < BODY.length; at++) assert.equal(unchunk([BODY.slice(0, at)]).end, undefined);
  });

  test("What isn't properly chunked is refused", () => {
    const bad = [
      "\r\n",
      "g\r\n",
      "-1\r\n",
      " 5\r\nhello\r\n",
      "5\nhello\r\n",
      "5\r\nhelloX",
      "5\r\nhello\rX",
      "5\r\nhello\n",
      "5;a\nb\r\n",
      "0\r\na\n\r\n",
      "0\r\n\rX",
      "11111111111111\r\n",
      `5;${"x".repeat(20_000)}`,
      `0\r\n${"a: b\r\n".repeat(5_000)}`,
    ];
    for (const text of bad) assert.throws(() => unchunk([text]), ProtocolError, JSON.stringify(text.slice(0, 20)));
  });
});

describe("an exchange", () => {
  const VALVE = { pause() {}, resume() {}, close() {} };

  /** Feeds the pieces of an answer; gives what was made of them. */
  async function exchanged(pieces: readonly string[], method = "GET") {
    let resolve = (_: Inbound) => {};
    let reject = (_: unknown) => {};
    const asked = new Promise<Inbound>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    const { signal } = new AbortController();
    const undo = () => undefined;
    const exchange = new Exchange({ method, signal, undo, resolve: (inbound) => resolve(inbound), reject }, VALVE);
    let progress: Progress = "more";
    for (const piece of pieces) progress = exchange.receive(bytesOf(piece));
    if (progress === "more" && !exchange.close()) exchange.fail(undefined);
    const inbound = await asked;
    return { progress, status: inbound.status, body: textOf(await inbound.arrayBuffer()) };
  }

  const HINT = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
  const ANSWERS: readonly [string, Progress, string][] = [
    ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "done", "hello"],
    ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "done", ""],
    ["HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello", "spent", "hello"],
    [`${HINT}HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, "done", "hello"],
    ["HTTP/1.1 200 OK\r\n\r\nhello", "more", "hello"],
    ["HTTP/1.1 204 No Content\r\n\r\n", "done", ""],
  ];

  test("An answer is the same wherever it is cut", async () => {
    for (const [answer, progress, body] of ANSWERS) {
      const status = answer.includes(" 204 ") ? 204 : 200;
      for (let at = 0; at < answer.length; at++) {
        const pieces = [answer.slice(0, at), answer.slice(at)].filter((piece) => piece !== "");
        assert.deepEqual(await exchanged(pieces), { progress, status, body }, answer.slice(0, at));
      }
      assert.deepEqual(await exchanged([...answer]), { progress, status, body });
    }
  });

  test("Bytes after the answer spend the connection, and aren't taken for part of it", async () => {
    for (const [answer, progress, body] of ANSWERS) {
      if (progress === "more") continue;
      const read = await exchanged([`${answer}HTTP/1.1 200 OK\r\n\r\n`]);
      assert.deepEqual([read.progress, read.body], ["spent", body]);
    }
  });

  test("An answer that ends too soon fails", async () => {
    for (const [answer, progress] of ANSWERS) {
      if (progress === "more") continue;
      for (let at = 1; at < answer.length; at++) {
        await assert.rejects(exchanged([answer.slice(0, at)]), TransportError, answer.slice(0, at));
      }
    }
  });

  test("Too much head, too many hints, another protocol and an upgrade that nobody asked for are refused", async () => {
    const bad = [
      `HTTP/1.1 200 OK\r\na: ${"b".repeat(40_000)}`,
      HINT.repeat(20),
      "SSH-2.0-OpenSSH\r\n",
      "PRI",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
    ];
    for (const answer of bad) await assert.rejects(exchanged([answer]), ProtocolError, answer.slice(0, 30));
  });
});

describe("an intake", () => {
  function watched() {
    const told: string[] = [];
    const tell = (word: string) => () => void told.push(word);
    return { told, intake: new Intake({ pause: tell("pause"), resume: tell("resume"), close: tell("close") }) };
  }

  test("What comes before a failure can be read, and nothing after it", async () => {
    const { intake } = watched();
    intake.push(bytesOf("one"));
    intake.fail(new Error("broke off"));
    intake.end();
    const reader = intake.stream().getReader();
    assert.equal(textOf((await reader.read()).value!), "one");
    await assert.rejects(reader.read(), /broke off/);
  });

  test("What is called off is forgotten", async () => {
    const { intake } = watched();
    const reader = intake.stream().getReader();
    intake.push(bytesOf("one"));
    intake.abort(new Error("called off"));
    await assert.rejects(reader.read(), /called off/);
  });

  test("A reader that pauses makes the provider wait, one that goes on lets it go on", async () => {
    const { intake, told } = watched();
    const reader = intake.stream().getReader();
    for (let i = 0; i < 5; i++) intake.push(new Uint8Array(30_000));
    assert.deepEqual(told, ["pause"]);
    for (let i = 0; i < 5; i++) await reader.read();
    assert.deepEqual(told, ["pause", "resume"]);
  });

  test("Whole bodies don't wait", async () => {
    const { intake, told } = watched();
    for (let i = 0; i < 5; i++) intake.push(new Uint8Array(30_000));
    const whole = intake.arrayBuffer();
    for (let i = 0; i < 5; i++) intake.push(new Uint8Array(30_000));
    intake.end();
    assert.equal((await whole).byteLength, 300_000);
    assert.deepEqual(told, ["pause", "resume"]);
    await assert.rejects(intake.arrayBuffer(), /read already/);
  });

  test("Letting go closes the connection, unless all is there", async () => {
    for (const isOver of [false, true]) {
      const { intake, told } = watched();
      intake.push(bytesOf("one"));
      if (isOver) intake.end();
      await intake.stream().cancel();
      assert.deepEqual(told, isOver ? [] : ["close"]);
    }
  });
});

describe("the head of a request", () => {
  const outbound: Outbound = {
    url: new URL("https://user:secret@api.example.com:8443/v1/x%20y?q=1#part"),
    method: "POST",
    headers: [["authorization", "Bearer k"]],
    body: null,
    signal: new AbortController().signal,
  };

  test("It names the path and the host, and no more of the URL", () => {
    assert.equal(
      requestHead(outbound),
      "POST /v1/x%20y?q=1 HTTP/1.1\r\nhost: api.example.com:8443\r\nconnection: keep-alive\r\n" +
        "authorization: Bearer k\r\ncontent-length: 0\r\n\r\n",
    );
  });

  test("Nothing in it can become a line of its own", () => {
    const bad: readonly Partial<Outbound>[] = [
      { method: "GET / HTTP/1.1\r\nx: y\r\n\r\nGET" },
      { method: "" },
      { headers: [["a\r\nb", "c"]] },
      { headers: [["a: b\r\nc", "d"]] },
      { headers: [["", "c"]] },
      { headers: [["a", "b\r\nc: d"]] },
      { headers: [["a", "b\nc"]] },
      { headers: [["a", "b\0"]] },
      { headers: [["a", "\u0130"]] },
    ];
    for (const part of bad) {
      assert.throws(() => requestHead({ ...outbound, ...part }), { code: "ERR_INVALID_CHAR" }, JSON.stringify(part));
    }
  });
});

describe("a failed attempt", () => {
  test("tells a sentence and a code, and keeps hosts to itself", () => {
    const failed = (code: string | undefined, message = "connect 10.0.0.1:443 secret.internal") =>
      new TransportError(Object.assign(new Error(message), code === undefined ? {} : { code }));
    assert.equal(failed("ECONNREFUSED").message, "The provider refused the connection.");
    assert.match(failed("UNABLE_TO_VERIFY_LEAF_SIGNATURE").message, /^No trusted TLS connection to the provider/);
    assert.match(failed("Z_DATA_ERROR").message, /isn't encoded as it says/);
    assert.equal(failed("EWEIRD").message, "The request to the provider failed (EWEIRD).");
    for (const code of [undefined, "not a code", "10.0.0.1"]) {
      assert.equal(failed(code).message, "The request to the provider failed.");
      assert.equal(failed(code).code, undefined);
    }
    const tries = new AggregateError([Object.assign(new Error("::1"), { code: "ECONNREFUSED" })]);
    assert.equal(new TransportError(tries).code, "ECONNREFUSED");
  });
});
