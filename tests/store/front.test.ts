import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis, type RedisConfigNodejs } from "@upstash/redis";
import { serveFront } from "../../cli/redis/front.ts";
import { deferred, until, within } from "../runtime/wait.ts";
import { openRig, type Rig } from "./rig.ts";

let rig: Rig;
before(async () => rig = await openRig({ replyTimeoutMs: 1_500 }));
after(() => rig.stop());

const client = (options: Partial<RedisConfigNodejs> = {}): Redis =>
  new Redis({ url: rig.url, token: rig.token, retry: { retries: 0 }, enableTelemetry: false, ...options });

/** Without the client library: what the front itself answers. */
async function ask(
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
  const answer = await fetch(rig.front.url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${rig.token}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

const command = (...args: readonly unknown[]) => ask("/", JSON.stringify(args));

describe("@upstash/redis on a front", () => {
  it("gets what it has set, whatever that looks like", async () => {
    const values = [
      "",
      "OK",
      "abcd",
      "T0s=",
      "ümläut 🦀",
      "\u0000\u0001\r\n$5\r\n",
      '{"a":1}',
      "123",
      "x".repeat(300_000),
    ];
    for (const automaticDeserialization of [false, true]) {
      const redis = client({ automaticDeserialization });
      for (const [at, value] of values.entries()) {
        assert.equal(await redis.set(`value:${at}`, value), "OK");
        const got = await redis.get(`value:${at}`);
        assert.deepEqual(typeof got === "string" ? got : JSON.stringify(got), value);
      }
    }
    const raw = client({ responseEncoding: false, automaticDeserialization: false });
    assert.equal(await raw.get("value:2"), "abcd");
    assert.equal(await raw.get("value:none"), null);
  });

  it("keeps objects, booleans and numbers", async () => {
    const redis = client();
    await redis.mset({ "kept:a": { deep: [1, null, "x"] }, "kept:b": true, "kept:c": 1.5 });
    assert.deepEqual(await redis.mget("kept:a", "kept:b", "kept:c", "kept:d"), [
      { deep: [1, null, "x"] },
      true,
      1.5,
      null,
    ]);
    await redis.hset("kept:h", { one: 1, two: "2" });
    assert.deepEqual(await redis.hgetall("kept:h"), { one: 1, two: 2 });
  });

  it("runs pipelines, in which one command's error is its own", async () => {
    const pipeline = client().pipeline();
    pipeline.set("piped", "text").incr("piped").get("piped");
    const results = await pipeline.exec({ keepErrors: true });
    assert.deepEqual(results.map(({ result }) => result), ["OK", undefined, "text"]);
    assert.match(results[1]?.error ?? "", /^ERR value is not an integer/);
  });

  it("runs transactions that nobody gets between", async () => {
    await client().set("together", 0);
    const rounds = Array.from({ length: 50 }, async () => {
      const [was, is] = await client().multi().get("together").incr("together").exec<[number, number]>();
      return is - was;
    });
    assert.deepEqual(new Set(await Promise.all(rounds)), new Set([1]));
    assert.equal(await client().get("together"), 50);
  });

  it("runs scripts by their hash, and by their text when Redis doesn't know them yet", async () => {
    const redis = client();
    const script = redis.createScript<string>(`return {KEYS[1], ARGV[1]} -- ${Math.random()}`);
    const { requests } = rig.front;
    assert.deepEqual(await script.exec(["key"], ["value"]), ["key", "value"]);
    assert.equal(rig.front.requests - requests, 2);
    assert.deepEqual(await script.exec(["key"], ["value"]), ["key", "value"]);
    assert.equal(rig.front.requests - requests, 3);
  });

  it("puts what is asked at once into one request", async () => {
    const redis = client();
    const { requests, commands } = rig.front;
    await Promise.all(Array.from({ length: 40 }, () => redis.incr("auto")));
    assert.deepEqual([rig.front.requests - requests, rig.front.commands - commands], [1, 40]);
    assert.equal(await redis.get("auto"), 40);
  });

  it("subscribes to channels and patterns", async () => {
    for (const isPattern of [false, true]) {
      const redis = client();
      const subscriber = isPattern ? redis.psubscribe<{ n: number }>("new*") : redis.subscribe<{ n: number }>("news");
      const heard: unknown[] = [];
      const isThere = deferred<void>();
      subscriber.on(isPattern ? "psubscribe" : "subscribe", () => isThere.resolve());
      subscriber.on(isPattern ? "pmessage" : "message", ({ channel, message }) => heard.push([channel, message]));
      await within(isThere.promise, "the subscription");
      for (let n = 0; n < 3; n++) assert.equal(await client().publish("news", { n }), 1);
      await until(() => heard.length === 3, "three messages");
      assert.deepEqual(heard, [0, 1, 2].map((n) => ["news", { n }]));
      await subscriber.unsubscribe();
      await until(async () => await client().publish("news", "x") === 0, "the end of the subscription");
    }
  });

  it("is told what is wrong, by Redis and by the front", async () => {
    await assert.rejects(client().eval("return nonsense(", [], []), /UpstashError|ERR/);
    await assert.rejects(client({ token: "wrong" }).get("x"), /WRONGPASS invalid or missing auth token/);
    await assert.rejects(client({ enableAutoPipelining: false }).exec(["BLPOP", "x", "0"]), /BLPOP' waits/);
  });
});

describe("@upstash/ratelimit on a front", () => {
  const algorithms = {
    fixedWindow: Ratelimit.fixedWindow(20, "1 h"),
    slidingWindow: Ratelimit.slidingWindow(20, "1 h"),
    tokenBucket: Ratelimit.tokenBucket(20, "1 h", 20),
  };
  for (const [name, limiter] of Object.entries(algorithms)) {
    it(`${name} grants 20 of 200 at once, asked by four clients`, async () => {
      const limits = Array.from(
        { length: 4 },
        () => new Ratelimit({ redis: client(), limiter, prefix: name, ephemeralCache: false, timeout: 0 }),
      );
      const asked = Array.from({ length: 200 }, (_, at) => limits[at % 4]?.limit("somebody"));
      const granted = (await Promise.all(asked)).filter((answer) => answer?.success === true);
      assert.equal(granted.length, 20);
    });
  }
});

describe("a front", () => {
  it("lets in whoever has the token, in the header or in the address", async () => {
    for (
      const [path, headers, status] of [
        ["/get/x", {}, 200],
        ["/get/x", { authorization: `bearer ${rig.token}` }, 200],
        [`/get/x?_token=${rig.token}`, { authorization: "" }, 200],
        ["/get/x?_token=wrong", { authorization: "" }, 401],
        [`/get/x?_token=${rig.token}`, { authorization: "Bearer wrong" }, 401],
        ["/get/x", { authorization: rig.token }, 401],
        ["/pipeline", { authorization: "" }, 401],
        ["/subscribe/x", { authorization: "" }, 401],
      ] as const
    ) {
      const answer = await ask(path, undefined, headers);
      assert.equal(answer.status, status, path);
      if (status === 401) assert.equal(answer.text, '{"error":"WRONGPASS invalid or missing auth token"}');
    }
  });

  it("takes a command from the path, the body after it, and the query last", async () => {
    assert.equal((await ask("/set/path/one%2Ftwo%20+?EX=100&NX")).text, '{"result":"OK"}');
    assert.equal((await ask("/get/path")).text, '{"result":"one/two +"}');
    assert.equal((await ask("/ttl/path")).text, '{"result":100}');
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    assert.equal((await ask("/set/path/", bytes)).status, 400);
    assert.equal((await ask("/set/path?EX=50", bytes)).text, '{"result":"OK"}');
    const { text } = await ask("/get/path", undefined, { "upstash-encoding": "base64" });
    assert.equal(text, JSON.stringify({ result: Buffer.from(bytes).toString("base64") }));
    assert.equal((await ask("/ttl/path")).text, '{"result":50}');
    assert.equal((await ask("/set/path/%FF%00")).text, '{"result":"OK"}');
    assert.equal((await ask("/strlen/path")).text, '{"result":2}');
  });

  it("keeps every digit of an integer", async () => {
    const largest = "9223372036854775807";
    assert.equal((await command("SET", "int64", largest)).status, 200);
    assert.equal((await command("INCRBY", "int64", "-1")).text, '{"result":9223372036854775806}');
    assert.equal((await ask("/", `["SET","int64",${largest}]`)).status, 200);
    assert.equal((await command("GET", "int64")).text, `{"result":"${largest}"}`);
  });

  it("gives arrays, nil, words and errors as Upstash does", async () => {
    const nested = "return {1, {false, 'a', {redis.status_reply('OK')}}, redis.error_reply('ERR own')}";
    assert.equal((await command("EVAL", nested, 0)).text, '{"result":[1,[null,"a",["OK"]],"ERR own"]}');
    const { text, headers } = await ask("/pipeline", '[["SET","a","OK"],["GET","a"],["PING"],["INCR","a"]]', {
      "upstash-encoding": "base64",
    });
    assert.equal(
      text,
      '[{"result":"OK"},{"result":"T0s="},{"result":"UE9ORw=="},{"error":"ERR value is not an integer or out of range"}]',
    );
    assert.notEqual(headers.get("upstash-sync-token"), null);
    assert.equal(headers.get("content-type"), "application/json");
    const failed = await command("INCR", "a");
    assert.deepEqual([failed.status, failed.text], [400, '{"error":"ERR value is not an integer or out of range"}']);
  });

  it("runs a transaction as a whole or not at all", async () => {
    const { status, text } = await ask("/multi-exec", '[["SET","all","1"],["LPUSH","all","x"],["INCR","all"]]');
    assert.equal(status, 200);
    assert.match(text, /^\[\{"result":"OK"\},\{"error":"WRONGTYPE [^"]+"\},\{"result":2\}\]$/);
    for (const wrong of ['["GET"]', '["BLPOP","x","0"]', '["EXEC"]']) {
      const refused = await ask("/multi-exec", `[["SET","all","9"],${wrong}]`);
      assert.equal(refused.status, 400);
      assert.match(
        refused.text,
        /^\{"error":"(?:EXECABORT Transaction discarded because of: ERR wrong|ERR Command is)/,
      );
    }
    assert.equal((await command("GET", "all")).text, '{"result":"2"}');
  });

  it("refuses in one sentence what a REST call can't do", async () => {
    const lines = [
      "BLPOP x 0",
      "xread count 1 block 0 streams s $",
      "XREADGROUP GROUP block block BLOCK 0 STREAMS s >",
      "SHUTDOWN NOSAVE",
      "MONITOR",
      "config get *",
      "DEBUG SLEEP 10",
      "CLIENT REPLY OFF",
      "SELECT 1",
      "AUTH x",
      "HELLO 3",
      "MULTI",
      "SUBSCRIBE x",
      "SCRIPT DEBUG YES",
      "RESET",
      "QUIT",
    ];
    for (const line of lines) {
      const { status, text } = await command(...line.split(" "));
      assert.equal(status, 400, line);
      assert.match(text, /^\{"error":"ERR Command is not available: '[A-Z]+' [^"]+\."\}$/, line);
    }
    assert.match((await command("XREADGROUP", "GROUP", "BLOCK", "c", "STREAMS", "s", ">")).text, /NOGROUP/);
    assert.match((await command("XREAD", "STREAMS", "BLOCK", "0")).text, /"result":null/);
    const mixed = await ask("/pipeline", '[["SET","m","1"],["MULTI"],["GET","m"]]');
    assert.match(mixed.text, /^\[\{"result":"OK"\},\{"error":"ERR Command[^}]+\},\{"result":"1"\}\]$/);
  });

  it("says what to send instead of what it doesn't understand", async () => {
    const bodies = ["", "{", "{}", "[]", "[null]", "[[]]", '["GET",{}]', "\uFEFF[", '"GET"'];
    for (const body of bodies) {
      const { status, text } = await ask("/", body);
      assert.equal(status, 400, body);
      assert.match(text, /^\{"error":"ERR .*: send .*"\}$/, body);
    }
    for (const body of ["", "[]", '["GET","x"]', "[[]]", '[["GET",null]]']) {
      for (const path of ["/pipeline", "/multi-exec"]) assert.equal((await ask(path, body)).status, 400, body);
    }
    assert.equal((await ask("/", new Uint8Array([0x5b, 0x22, 0xff, 0x22, 0x5d]))).status, 400);
    assert.equal((await ask("/subscribe")).status, 400);
    assert.equal((await ask("/nonsense/x")).status, 400);
    assert.equal((await ask("/get/x", undefined, { "upstash-response-format": "resp2" })).status, 400);
    const put = await fetch(`${rig.front.url}/get/x`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${rig.token}` },
    });
    assert.equal(put.status, 405);
  });

  it("takes up to 10 MB", async () => {
    const size = 10 * 1024 * 1024;
    const rest = JSON.stringify(["SET", "large", ""]).length;
    assert.equal((await command("SET", "large", "x".repeat(size - rest))).status, 200);
    const got = await command("GET", "large");
    assert.equal(got.text.length, size - rest + '{"result":""}'.length);
    const refused = await command("SET", "large", "x".repeat(size - rest + 1)).catch(() => undefined);
    assert.ok(refused === undefined || refused.status === 413);
    await command("DEL", "large");
  });

  it("sends events for what is published, one line of data for each of the text's", async () => {
    const leaving = new AbortController();
    const answer = await fetch(`${rig.front.url}/subscribe/lines/more`, {
      method: "POST",
      headers: { authorization: `Bearer ${rig.token}` },
      signal: leaving.signal,
    });
    assert.equal(answer.headers.get("content-type"), "text/event-stream");
    assert.ok(answer.body !== null);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const read = async (part: string) => {
      while (!text.includes(part)) text += (await within(reader.read(), part)).value ?? "";
    };
    await read("data: subscribe,more,2\n\n");
    await command("PUBLISH", "lines", "a,b\nc");
    await read("data: message,lines,a,b\ndata: c\n\n");
    leaving.abort();
    await until(async () => (await command("PUBLISH", "lines", "x")).text === '{"result":0}', "the client's leaving");
  });

  it("doesn't listen to others with a token that they might guess", async () => {
    for (const [hostname, token] of [["0.0.0.0", "short"], ["::", ""], ["127.0.0.1", ""]] as const) {
      await assert.rejects(serveFront({ redis: rig.redis.url, hostname, token }), { name: "StartError" });
    }
  });
});

describe("scripts that were written for Upstash", () => {
  const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
  const script = "#!lua flags=allow-key-locking\nreturn redis.call('INCR', KEYS[1])";

  it("run, and are known by the hash of what was written", async () => {
    const missing = await command("EVALSHA", sha1(script), 1, "counted");
    assert.deepEqual([missing.status, missing.text.slice(0, 19)], [400, '{"error":"NOSCRIPT ']);
    assert.equal((await command("EVAL", script, 1, "counted")).text, '{"result":1}');
    assert.equal((await command("EVALSHA", sha1(script).toUpperCase(), 1, "counted")).text, '{"result":2}');
    const together = await ask("/multi-exec", JSON.stringify([["EVALSHA", sha1(script), 1, "counted"]]));
    assert.equal(together.text, '[{"result":3}]');
    const readOnly = "#!lua flags=no-writes,allow-key-locking\nreturn redis.call('GET', KEYS[1])";
    assert.equal((await command("SCRIPT", "LOAD", readOnly)).text, `{"result":"${sha1(readOnly)}"}`);
    assert.equal(
      (await command("SCRIPT", "EXISTS", sha1(readOnly), sha1(script), sha1("no"))).text,
      '{"result":[1,1,0]}',
    );
    assert.equal((await command("EVALSHA_RO", sha1(readOnly), 1, "counted")).text, '{"result":"3"}');
  });

  it("are sent again when Redis has forgotten them", async () => {
    const redis = client();
    const known = redis.createScript<number>(script);
    await known.exec(["again"], []);
    await rig.restartRedis();
    await until(async () => (await command("PING")).status === 200, "Redis");
    assert.match((await command("EVALSHA", sha1(script), 1, "again")).text, /"NOSCRIPT /);
    assert.equal((await command("SCRIPT", "EXISTS", sha1(script))).text, '{"result":[0]}');
    assert.equal(await known.exec(["again"], []), 1);
    const limit = new Ratelimit({ redis, limiter: Ratelimit.slidingWindow(1, "1 h"), ephemeralCache: false });
    assert.deepEqual([(await limit.limit("x")).success, (await limit.limit("x")).success], [true, false]);
  });
});

describe("while Redis is gone", () => {
  it("a front answers 503 at once, and 200 when Redis is back", async () => {
    const listening = await fetch(`${rig.front.url}/subscribe/x`, {
      headers: { authorization: `Bearer ${rig.token}` },
    });
    const { commands } = rig.front;
    rig.redis.pause();
    const waiting = command("PING");
    await until(() => rig.front.commands > commands, "a command that has come");
    await rig.stopRedis();
    assert.equal((await within(waiting, "the end of what ran")).status, 503);
    await assert.rejects(within(listening.text(), "the end of the subscription"), /terminated/);
    for (const path of ["/get/x", "/subscribe/x"]) {
      const { status, text } = await within(ask(path), "a refusal");
      assert.deepEqual([status, text], [503, '{"error":"ERR Redis can\'t be reached: try again later."}']);
    }
    assert.equal((await ask("/pipeline", '[["PING"],["PING"]]')).status, 503);
    assert.equal((await ask("/multi-exec", '[["PING"]]')).status, 503);
    await rig.restartRedis();
    await until(async () => (await command("PING")).status === 200, "Redis");
    assert.equal((await ask("/multi-exec", '[["PING"]]')).status, 200);
  });

  it("a front gives up a Redis that says nothing, and takes it back when it speaks", async () => {
    rig.redis.pause();
    try {
      const { status, text } = await command("PING");
      assert.equal(status, 503);
      assert.match(text, /said nothing for 1\.5 s/);
    } finally {
      rig.redis.resume();
    }
    await until(async () => (await command("PING")).status === 200, "Redis");
  });
});
