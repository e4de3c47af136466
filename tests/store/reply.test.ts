import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { after, describe, it } from "node:test";
import { serveFront } from "../../cli/redis/front.ts";
import { encodeCommand, Failure, ProtocolError, type Reply, ReplyParser, Status } from "../../cli/redis/reply.ts";
import { within } from "../runtime/wait.ts";

/** All replies in some bytes, which come in pieces of a size. */
function parsed(text: string | Buffer, size = Infinity): Reply[] {
  const bytes = Buffer.from(text as string, "latin1");
  const replies: Reply[] = [];
  const parser = new ReplyParser((reply) => replies.push(reply));
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
  return replies;
}

/** What no Redis sends, or not without bad intent. */
const HOSTILE = {
  "an unknown letter": "?1\r\n",
  "a number that is none": ":1e9\r\n",
  "a length that is none": "$x\r\n",
  "a negative length": "*-2\r\n",
  "a string that is too large": "$999999999999\r\n",
  "a string that says it is small": "$2\r\nabcd\r\n",
  "an array that is too large": "*999999999\r\n",
  "arrays within arrays": "*1\r\n".repeat(100_000),
  "arrays that grow within arrays": "*1000000\r\n".repeat(600),
  "a line without an end": `+${"x".repeat(1_000_000)}`,
  "a line that is too long": `+${"x".repeat(1_000_000)}\r\n`,
};

describe("ReplyParser", () => {
  it("reads every kind of reply, in whatever pieces it comes", () => {
    const text =
      "+OK\r\n-ERR no\r\n:-9223372036854775808\r\n$4\r\n\r\n\0\xff\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n*1\r\n:1\r\n$0\r\n\r\n";
    const expected = [
      new Status("OK"),
      new Failure("ERR no"),
      -9223372036854775808n,
      Buffer.from([13, 10, 0, 255]),
      null,
      null,
      [],
      [[1n], Buffer.alloc(0)],
    ];
    for (const size of [1, 2, 3, 7, Infinity]) assert.deepEqual(parsed(text, size), expected);
  });

  it("reads a large string in pieces, copying it but a few times", () => {
    const large = Buffer.alloc(20_000_000, "x");
    const [reply] = parsed(Buffer.concat([Buffer.from(`$${large.length}\r\n`), large, Buffer.from("\r\n")]), 1_000);
    assert.ok(reply instanceof Buffer && reply.equals(large));
  });

  for (const [what, bytes] of Object.entries(HOSTILE)) {
    it(`gives up on ${what}`, () => {
      assert.throws(() => parsed(bytes), ProtocolError);
      assert.throws(() => parsed(bytes, 1_000), ProtocolError);
    });
  }
});

describe("encodeCommand", () => {
  it("counts bytes, not letters", () => {
    const args = ["SET", "ü", "\r\n"].map((text) => Buffer.from(text));
    assert.equal(encodeCommand(args).toString(), "*3\r\n$3\r\nSET\r\n$2\r\nü\r\n$2\r\n\r\n\r\n");
  });
});

describe("a front before something that is no Redis", () => {
  let answer = "";
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("data", () => socket.write(answer, "latin1"));
  });
  after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });

  it("answers 503 whatever that sends, and stays", async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const front = await serveFront({ redis: `redis://127.0.0.1:${port}`, replyTimeoutMs: 500 });
    const ask = (path: string) =>
      within(fetch(front.url + path, { headers: { authorization: `Bearer ${front.token}` } }), path);
    try {
      for (const [what, bytes] of Object.entries(HOSTILE)) {
        answer = bytes;
        assert.equal((await ask("/get/x")).status, 503, what);
      }
      answer = `*500\r\n${"*1\r\n".repeat(400)}:1\r\n${":1\r\n".repeat(499)}`;
      assert.match(await (await ask("/get/x")).text(), /^\{"result":\[{401}1\]/);
      answer = "-NOPERM not yours\r\n";
      const refused = await ask("/subscribe/x");
      assert.deepEqual([refused.status, await refused.text()], [400, '{"error":"NOPERM not yours"}']);
      answer = "";
      for (const path of ["/subscribe/x", "/get/x"]) assert.equal((await ask(path)).status, 503, path);
      answer = "+PONG\r\n+unasked\r\n";
      await ask("/ping");
      answer = "+PONG\r\n";
      assert.equal(await (await ask("/ping")).text(), '{"result":"PONG"}');
    } finally {
      await front.stop();
    }
  });
});
