import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError, type ConfigIssue, parseConfig } from "../src/config.ts";
import { nearest } from "../src/nearest.ts";
import { isPrivateHost, originProblem } from "../src/origin.ts";

const nothing = () => undefined;

/** What is wrong with a config. */
function issuesOf(input: unknown, env: Record<string, string> = {}): readonly ConfigIssue[] {
  try {
    parseConfig(input, (name) => env[name]);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.issues;
  }
  return [];
}

const hosts = (list: string) => list.trim().split(/ +|\n +/);

const pathsOf = (input: unknown) => issuesOf(input).map(({ path }) => path);

/** Every key that a config may hold. */
const WHOLE = {
  $schema: "./headgate.schema.json",
  store: { upstash: { url: "env:REDIS_URL", token: "env:REDIS_TOKEN" }, timeout: 120 },
  basePath: "/ai/gw",
  auth: {
    keys: [
      { id: "acme-prod", key: "env:ACME_KEY", tenant: "acme-co", roles: ["caller"] },
      { id: "hashed", sha256: "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08" },
    ],
  },
  providers: {
    openai: {
      key: "env:OPENAI_API_KEY",
      headers: { "openai-organization": "org-1" },
      prices: { "gpt-mine": { input: 1.25, output: 10, cachedInput: 0.125 }, "gpt-free": { input: 0, output: 0 } },
    },
    demo: {},
    "custom-local": {
      origin: "http://127.0.0.1:9000/base",
      wire: "openai-chat",
      allowPrivate: true,
      models: ["a", "b"],
      auth: { header: "x-key", scheme: "Token" },
    },
  },
  gateways: {
    default: {},
    "voice-prod": {
      auth: "required",
      retry: { attempts: 2, delay: 200, backoff: "exponential" },
      timeouts: { headers: 10_000 },
      limits: [
        { name: "acme", per: "metadata.tenant", match: "acme-co", requests: 50, window: "1m", algorithm: "bucket" },
        {
          per: ["tenant", "model"],
          match: { model: ["gpt-*", "o3"], "metadata.team": "voice" },
          overrides: { "gpt-5": 0 },
          tokens: 2_000_000,
          window: "1d",
          mode: "hard",
          stopStreams: true,
          maxOutput: 500,
          onStoreFailure: "open",
          status: 429,
        },
        { per: "tenant", cost: 99.5, window: "month", algorithm: "fixed" },
        { per: "key", concurrent: 20, match: ["a", "b*"], mode: "shadow" },
      ],
      cache: {
        ttl: 3600,
        key: ["system", "user", "tools", "metadata.user"],
        maxBytes: 1,
        pace: "recorded",
        shared: true,
        secret: "env:CACHE_SECRET",
      },
      logs: { collect: true, payload: "none" },
      metadata: { maxEntries: 5 },
    },
  },
  body: { maxBytes: 1, maxUploadBytes: 1, maxDepth: 1, maxAnswerBytes: 1 },
  log: "json",
  drainSeconds: 0,
};

describe("parseConfig", () => {
  it("refuses a header for a key that frames the request or is never passed on, and a key that no header holds", () => {
    const origin = "https://llm.example.com";
    for (const header of ["Host", "content-length", "transfer-encoding", "cookie", "cf-aig-authorization"]) {
      const issues = issuesOf({ providers: { "custom-x": { origin, auth: { header } } } });
      assert.deepEqual(issues.map(({ path }) => path), ["providers.custom-x.auth.header"], header);
    }
    assert.deepEqual(issuesOf({ providers: { "custom-x": { origin, auth: { header: "x-key" } } } }), []);
    for (const key of ["sk-1\r\nx: y", "sk-\u00e9", "sk-\u2603"]) {
      const issues = issuesOf({ providers: { openai: { key } } });
      assert.deepEqual(issues.map(({ path }) => path), ["providers.openai.key"]);
      assert.equal(JSON.stringify(issues).includes("sk-"), false);
    }
  });

  it("takes every key and puts environment variables in their place", () => {
    const env: Record<string, string> = {
      ACME_KEY: "acme-secret\n",
      OPENAI_API_KEY: "sk-1",
      REDIS_URL: "https://redis.example.com",
      REDIS_TOKEN: "token",
      CACHE_SECRET: "0123456789abcdef",
    };
    const config = parseConfig(WHOLE, (name) => env[name]);
    assert.equal(config.auth?.keys?.[0]?.key, "acme-secret");
    assert.equal(config.providers?.["openai"]?.key, "sk-1");
    const expected = JSON.stringify(WHOLE).replace(/env:(\w+)/g, (_, name: string) => env[name]?.trim() ?? "");
    assert.deepEqual(config, JSON.parse(expected));
    assert.equal(WHOLE.providers.openai.key, "env:OPENAI_API_KEY", "the input is left alone");
  });

  it("gives the same config when its own result is parsed again", () => {
    const once = parseConfig(WHOLE, () => "value-long-enough");
    assert.deepEqual(parseConfig(once, nothing), once);
  });

  it("takes an empty config and keys without a value", () => {
    assert.deepEqual(parseConfig({}, nothing), {});
    assert.deepEqual(parseConfig({ providers: { openai: { key: undefined } }, log: undefined }, nothing).providers, {
      openai: { key: undefined },
    });
  });

  it("names the path and the variable of a secret that is not there", () => {
    const [issue, ...rest] = issuesOf({ providers: { openai: { key: "env:NOT_SET" } } });
    assert.deepEqual(rest, []);
    assert.equal(issue?.path, "providers.openai.key");
    assert.match(issue?.message ?? "", /NOT_SET/);
    assert.equal(issuesOf({ providers: { openai: { key: "env:BLANK" } } }, { BLANK: " \n" }).length, 1);
  });

  it("does not repeat what follows env: unless it can be a variable", () => {
    const told = JSON.stringify(issuesOf({ providers: { openai: { key: "env:sk-proj-123" } } }));
    assert.match(told, /providers\.openai\.key/);
    assert.doesNotMatch(told, /sk-proj/);
  });

  it("tells of all that is wrong at once", () => {
    assert.deepEqual(
      pathsOf({
        bogus: 1,
        basePath: "ai/",
        auth: { keys: [{ id: "a b", key: "k1" }, { key: "k2" }, { id: "c" }] },
        providers: {
          opnai: {},
          openai: { key: 7, origin: "ftp://x.example" },
          "custom-a": {},
          "custom-b": { origin: "nonsense" },
        },
        gateways: { default: { retry: { attempts: 6 }, auth: "requird" }, "no good": {} },
        drainSeconds: -1,
      }).toSorted(),
      [
        "auth.keys[0].id",
        "auth.keys[1].id",
        "auth.keys[2]",
        "basePath",
        "bogus",
        "drainSeconds",
        "gateways.default.auth",
        "gateways.default.retry.attempts",
        'gateways["no good"]',
        "providers.custom-a.origin",
        "providers.custom-b.origin",
        "providers.openai.key",
        "providers.opnai",
      ],
    );
  });

  it("guesses what was meant", () => {
    const meant = (input: unknown) => issuesOf(input)[0]?.suggestion;
    assert.equal(meant({ provider: {} }), 'did you mean "providers"?');
    assert.equal(meant({ providers: { opnai: {} } }), 'did you mean "openai"?');
    assert.equal(meant({ providers: { google: {} } }), 'did you mean "google-ai-studio"?');
    assert.match(meant({ providers: { mine: {} } }) ?? "", /custom-/);
    assert.equal(meant({ gateways: { default: { retry: { atempts: 2 } } } }), 'did you mean "attempts"?');
    assert.equal(meant({ gateways: { default: { retry: { backoff: "linaer" } } } }), 'did you mean "linear"?');
    assert.equal(
      meant({ providers: { "custom-x": { origin: "https://x.example", wire: "openai-chatt" } } }),
      'did you mean "openai-chat"?',
    );
    assert.equal(meant({ zzz: {} }), undefined);
  });

  it("refuses what a later version keeps, so that nobody believes in it", () => {
    const told = issuesOf({
      gateways: { default: { routes: {}, logs: { push: [], retentionDays: 30 } } },
    });
    assert.deepEqual(told.map(({ path }) => path).toSorted(), [
      "gateways.default.logs.push",
      "gateways.default.logs.retentionDays",
      "gateways.default.routes",
    ]);
    for (const { message } of told) assert.equal(message, "is not supported by this version");
  });

  it("takes memory for a store, or all that it takes to reach Redis", () => {
    const upstash = { url: "https://x", token: "t" };
    for (const store of ["memory", { upstash }, { upstash, timeout: 10_000 }]) assert.deepEqual(pathsOf({ store }), []);
    for (const store of ["redis", "upstash", 7, null, [], [upstash]]) assert.deepEqual(pathsOf({ store }), ["store"]);
    assert.deepEqual(pathsOf({ store: {} }), ["store.upstash"]);
    assert.deepEqual(pathsOf({ store: { upstash: { url: "https://x" } } }), ["store.upstash.token"]);
    assert.deepEqual(pathsOf({ store: { upstash: { token: "t", url: "" } } }), ["store.upstash.url"]);
    for (const timeout of [0, 10_001, 1.5, "120"]) {
      assert.deepEqual(pathsOf({ store: { upstash, timeout } }), ["store.timeout"], String(timeout));
    }
  });

  /** What is wrong with one limit: where, below it, and what. */
  const wrongOf = (limit: unknown) =>
    issuesOf({ gateways: { default: { limits: [limit] } } }).map(({ path, message }) =>
      [path.replace("gateways.default.limits[0]", ""), message] as const
    );

  it("takes limits of exactly one thing, and for a time where that means something", () => {
    const window = "1m";
    const per = "tenant";
    assert.deepEqual(wrongOf({ per, requests: 50, window }), []);
    assert.deepEqual(wrongOf({ per, concurrent: 0 }), []);
    assert.deepEqual(wrongOf({ requests: 50, window }), [[".per", "is missing"]]);
    for (const units of [{}, { requests: 1, tokens: 1 }, { requests: 1, tokens: 1, cost: 1, concurrent: 1 }]) {
      assert.deepEqual(wrongOf({ per, window, ...units }), [
        ["", "needs exactly one of requests, concurrent, tokens, cost"],
      ]);
    }
    for (const unit of ["requests", "tokens", "cost"]) {
      assert.deepEqual(wrongOf({ per, [unit]: 1 }), [[".window", "is missing"]], unit);
    }
    assert.deepEqual(wrongOf({ per, concurrent: 1, window }), [
      [".window", "means nothing for calls at the same time"],
    ]);
  });

  it("takes windows and calendars as they are written, and counts calendars in one way only", () => {
    const limit = { per: "tenant", requests: 1 };
    for (const window of ["500ms", "30s", "1m", "24h", "7d", "day", "week", "month"]) {
      assert.deepEqual(wrongOf({ ...limit, window }), [], window);
    }
    for (const window of ["", "0s", "1", "m", "1 m", "1M", "1w", "year", "1.5h", "-1m", "1234567s", 60, null]) {
      assert.deepEqual(wrongOf({ ...limit, window }).map(([path]) => path), [".window"], String(window));
    }
    assert.deepEqual(wrongOf({ ...limit, window: "day", algorithm: "fixed" }), []);
    for (const algorithm of ["sliding", "bucket"]) {
      assert.deepEqual(wrongOf({ ...limit, window: "1d", algorithm }), []);
      assert.deepEqual(wrongOf({ ...limit, window: "day", algorithm }), [
        [".algorithm", "must be fixed for a period of the calendar"],
      ]);
    }
  });

  it("keeps for budgets what means nothing to a count of calls", () => {
    for (const unit of [{ requests: 1, window: "1m" }, { concurrent: 1 }]) {
      assert.deepEqual(wrongOf({ per: "tenant", ...unit, stopStreams: true, maxOutput: 9, mode: "hard" }), [
        [".stopStreams", "is for tokens and cost only"],
        [".maxOutput", "is for tokens and cost only"],
        [".mode", "hard is for tokens and cost only"],
      ]);
      for (const mode of ["soft", "shadow"]) assert.deepEqual(wrongOf({ per: "tenant", ...unit, mode }), []);
    }
    for (const unit of ["tokens", "cost"]) {
      const budget = { per: "tenant", [unit]: 1, window: "1m", stopStreams: true, maxOutput: 9 };
      for (const mode of ["soft", "hard", "shadow"]) assert.deepEqual(wrongOf({ ...budget, mode }), []);
    }
  });

  it("names what is wrong in a limit's other members, and doesn't take them for something else", () => {
    const limit = { per: "tenant", requests: 1, window: "1m" };
    const wrong: Record<string, unknown> = {
      name: ["", "a\nb", "x".repeat(65), "\u00e9"],
      per: ["", "user", "metadata.", "metadata.a b", {}, null],
      match: ["", 7, null],
      overrides: [[], "x", 7],
      requests: [-1, 1.5, "50", 2 ** 51, NaN],
      algorithm: ["token-bucket"],
      mode: ["off"],
      onStoreFailure: ["ignore"],
      status: [503, "429"],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values as readonly unknown[]) {
        assert.deepEqual(wrongOf({ ...limit, [name]: value }).map(([path]) => path), [`.${name}`], `${name} ${value}`);
      }
    }
    assert.deepEqual(wrongOf({ ...limit, per: ["tenant", "nobody"] }).map(([path]) => path), [".per[1]"]);
    assert.deepEqual(wrongOf({ ...limit, match: { tenant: "a", team: "b" } }).map(([path]) => path), [".match.team"]);
    assert.deepEqual(wrongOf({ ...limit, overrides: { a: -1 } }).map(([path]) => path), [".overrides.a"]);
    for (const cost of [-0.01, "1", Infinity]) {
      assert.deepEqual(wrongOf({ per: "tenant", cost, window: "1m" }).map(([path]) => path), [".cost"], String(cost));
    }
    for (const strange of ["limit", "matches", "rpm"]) {
      assert.deepEqual(wrongOf({ ...limit, [strange]: 1 }), [[`.${strange}`, "is not a known key"]]);
    }
  });

  it("takes a cache within its bounds only", () => {
    const cacheOf = (cache: unknown) =>
      pathsOf({ gateways: { default: { cache } } }).map((path) => path.replace("gateways.default.cache", ""));
    for (const cache of [{}, { ttl: 0 }, { ttl: 2_592_000, pace: "instant", shared: false, maxBytes: 2 ** 28 }]) {
      assert.deepEqual(cacheOf(cache), []);
    }
    assert.deepEqual(cacheOf({ ttl: 2_592_001, maxBytes: 0, pace: "slow", shared: "yes", secret: "too short" }), [
      ".ttl",
      ".maxBytes",
      ".pace",
      ".shared",
      ".secret",
    ]);
    assert.deepEqual(cacheOf({ key: ["system", "assistant", "metadata."] }), [".key[1]", ".key[2]"]);
    assert.deepEqual(cacheOf({ key: "system" }), [".key"]);
  });

  it("takes prices that are whole", () => {
    const pricesOf = (price: unknown) =>
      pathsOf({ providers: { openai: { prices: { "gpt-mine": price } } } }).map((path) =>
        path.replace("providers.openai.prices.gpt-mine", "")
      );
    assert.deepEqual(pricesOf({ input: 0, output: 0.5, cachedInput: 0 }), []);
    assert.deepEqual(pricesOf({ input: 1 }), [".output"]);
    assert.deepEqual(pricesOf({ input: -1, output: "2", cachedInput: NaN }), [".input", ".output", ".cachedInput"]);
    assert.deepEqual(pricesOf(1), [""]);
    assert.deepEqual(pricesOf({ input: 1, output: 1, cacheWrite: 1 }), [".cacheWrite"]);
  });

  it("never repeats a secret, wherever one was put by mistake", () => {
    const secret = "sk-SECRET-0123456789";
    const places = [
      {
        auth: {
          keys: [{ id: secret + " ", key: secret }, { id: "b", key: secret }, { id: "c", key: secret, sha256: secret }],
        },
      },
      { providers: { openai: { key: { accessKeyId: secret } } } },
      {
        providers: {
          openai: { key: [secret], origin: `https://user:${secret}@x.example`, headers: { a: `${secret}\n` } },
        },
      },
      { providers: { "custom-a": { origin: secret, wire: secret } } },
      {
        providers: {
          "custom-a": {
            origin: `https://x.example/?key=${secret}`,
            auth: { header: `${secret}:`, scheme: `${secret} ` },
          },
        },
      },
      {
        basePath: secret,
        store: secret,
        log: secret,
        drainSeconds: secret,
        gateways: secret,
        auth: secret,
        body: [secret],
      },
    ];
    for (const place of places) {
      assert.throws(() => parseConfig(place, nothing), (error) => {
        assert.ok(error instanceof ConfigError && error.issues.length > 0);
        assert.ok(!JSON.stringify(error.issues).includes("SECRET"), JSON.stringify(error.issues));
        assert.ok(!`${error.message}${error.stack}`.includes("SECRET"));
        return true;
      });
    }
  });

  it("takes each gateway key once, with exactly one secret that a header can carry", () => {
    const hash = "a".repeat(64);
    const keysOf = (...keys: unknown[]) => pathsOf({ auth: { keys } });
    assert.deepEqual(keysOf({ id: "a", key: "k", sha256: hash }), ["auth.keys[0]"]);
    assert.deepEqual(keysOf({ id: "a", key: "k" }, { id: "a", key: "l" }), ["auth.keys[1].id"]);
    assert.deepEqual(keysOf({ id: "a", key: "k" }, { id: "b", key: "k" }), ["auth.keys[1].key"]);
    assert.deepEqual(keysOf({ id: "a", sha256: hash }, { id: "b", sha256: hash.toUpperCase() }), [
      "auth.keys[1].sha256",
    ]);
    assert.deepEqual(keysOf({ id: "a", sha256: "abc" }), ["auth.keys[0].sha256"]);
    for (const key of ["", " k", "k\n", "k k", "kéy", "undefined"]) {
      assert.deepEqual(keysOf({ id: "a", key }), ["auth.keys[0].key"], key);
    }
    assert.deepEqual(keysOf(), ["auth.keys"], "an empty list would leave the gateway open");
    assert.deepEqual(pathsOf({ gateways: { a: { auth: "required" } } }), ["gateways.a.auth"]);
    assert.deepEqual(pathsOf({ gateways: { a: { auth: "required" } }, auth: { keys: [{ id: "k", key: "k" }] } }), []);
  });

  it("asks for allowPrivate where an origin is private or not encrypted", () => {
    const originOf = (provider: object) => pathsOf({ providers: { "custom-a": provider } });
    assert.deepEqual(originOf({ origin: "https://llm.example.com/v1" }), []);
    for (const origin of ["http://llm.example.com", "https://10.0.0.1", "http://localhost:9000", "https://[::1]"]) {
      assert.deepEqual(originOf({ origin }), ["providers.custom-a.origin"], origin);
      assert.deepEqual(originOf({ origin, allowPrivate: false }), ["providers.custom-a.origin"], origin);
      assert.deepEqual(originOf({ origin, allowPrivate: true }), [], origin);
    }
    for (
      const origin of [
        "https://u:p@x.example",
        "https://x.example?a",
        "https://x.example#",
        "file:///etc",
        "x.example",
        "",
      ]
    ) {
      assert.deepEqual(originOf({ origin, allowPrivate: true }), ["providers.custom-a.origin"], origin);
    }
  });

  it("lets custom providers alone name a wire and an auth header", () => {
    assert.deepEqual(pathsOf({ providers: { openai: { wire: "gemini", auth: { header: "x" } } } }), [
      "providers.openai.wire",
      "providers.openai.auth",
    ]);
  });

  it("refuses headers that would break a connection or another header", () => {
    const headersOf = (headers: object) => pathsOf({ providers: { openai: { headers } } }).length;
    assert.equal(headersOf({ "x-team": "voice", "OpenAI-Project": "p\u00e9" }), 0);
    for (
      const name of [
        "Host",
        "connection",
        "Content-Length",
        "transfer-encoding",
        "proxy-authorization",
        "a b",
        "a:",
        "",
      ]
    ) {
      assert.equal(headersOf({ [name]: "x" }), 1, name);
    }
    for (const value of ["a\r\nb: c", "a\nb", "\0", "\u0100", 7]) {
      assert.equal(headersOf({ a: value }), 1, String(value));
    }
  });

  it("takes numbers within their bounds only", () => {
    for (const attempts of [0, 6, 1.5, "2", NaN, Infinity]) {
      assert.equal(pathsOf({ gateways: { default: { retry: { attempts } } } }).length, 1, String(attempts));
    }
    assert.equal(
      pathsOf({ gateways: { default: { retry: { attempts: 5, delay: 60_000 }, timeouts: { headers: 1 } } } }).length,
      0,
    );
    assert.equal(
      pathsOf({ gateways: { default: { timeouts: { headers: 2 ** 31 } } } }).length,
      1,
      "a timer would fire at once",
    );
  });

  it("takes a base path that begins with a slash and ends without one", () => {
    for (const basePath of ["/ai", "/ai/gateway.v1"]) assert.deepEqual(pathsOf({ basePath }), [], basePath);
    for (const basePath of ["", "/", "ai", "/ai/", "//ai", "/a/../b", "/.", "/a?b", "/a b"]) {
      assert.deepEqual(pathsOf({ basePath }), ["basePath"], basePath);
    }
  });

  it("is not led astray by what is no config at all", () => {
    for (const input of [undefined, null, 7, "text", [], () => 1, new Map()]) {
      const issues = issuesOf(input);
      assert.ok(input instanceof Map || issues.length === 1, String(input));
    }
    const circle: Record<string, unknown> = {};
    circle["gateways"] = circle;
    assert.ok(issuesOf(circle).length > 0);
    assert.ok(issuesOf(JSON.parse('{"__proto__": {"log": "json"}}')).length > 0);
    assert.equal(({} as Record<string, unknown>)["log"], undefined);
  });
});

describe("isPrivateHost", () => {
  const PRIVATE = hosts(`
    0 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.1 127.255.255.254
    2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.0.0.1. 169.254.169.254 169.254.170.2 172.16.0.1
    172.31.255.255 192.0.0.192 192.168.0.1 192.168.1.1. 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255
    [::] [::1] [0:0:0:0:0:0:0:1] ::1 [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:a9fe:a9fe] [::127.0.0.1]
    [fc00::1] [fd12:3456::1] [fe80::1] [febf::1] [fec0::1] [ff02::1] [64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe]
    [64:ff9b:1::1] [2002:7f00:1::] [2002:a00:1::] [2001:0:1::1] [2001:db8::1] [100::1]
    localhost LOCALHOST localhost. localhost.localdomain a.localhost x.y.localhost. redis metadata
    metadata.google.internal instance-data.ec2.internal. printer.local nas.home.arpa ①②⑦.0.0.1 127。0。0。1
    ⓛocalhost user@1.1.1.1 user:pw@1.1.1.1 1.1.1.1@127.0.0.1 1.1.1.1:80 [::1]:80 1.1.1.1/x 1.1.1.1#x 1.1.1.1?x
  `).concat([
    "",
    " ",
    ".",
    "..",
    "a b.example",
    "\t127.0.0.1",
    "127.0.0.1\n",
    "[fe80::1%25eth0]",
    "[::g]",
    "256.1.1.1",
    "1.2.3.4.5",
    "\\\\x",
  ]);

  const PUBLIC = hosts(`
    api.openai.com API.OPENAI.COM api.openai.com. localhost.example.com internal.example.com 10.example.com
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.0.1
    172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 223.255.255.255 0x08080808 134744072
    [2606:4700::1111] 2606:4700::1111 [2001:4860:4860::8888] [2002:808:808::1] bücher.example xn--bcher-kva.example
  `);

  it("knows private, loopback and reserved hosts in every spelling", () => {
    assert.ok(PRIVATE.length >= 60);
    assert.deepEqual(PRIVATE.filter((host) => !isPrivateHost(host)), []);
  });

  it("lets public hosts pass, next door to private ranges too", () => {
    assert.deepEqual(PUBLIC.filter(isPrivateHost), []);
  });

  it("is asked for every origin", () => {
    const typed = PRIVATE.filter((host) => /^[^/?#@:\\\s]+$|^\[[^\s]*\]$/.test(host) && host !== "");
    assert.ok(typed.length > 50);
    for (const host of typed) assert.notEqual(originProblem(`https://${host}/v1`, false), undefined, host);
    for (const host of PUBLIC.filter((host) => !/^[^[]*::/.test(host))) {
      assert.equal(originProblem(`https://${host}/v1`, false), undefined, host);
    }
  });
});

describe("nearest", () => {
  it("forgives a few slips, and no more", () => {
    const known = ["openai", "anthropic", "azure-openai", "google-ai-studio"];
    const cases = {
      opnai: "openai",
      Openai: "openai",
      oepnai: "openai",
      antropic: "anthropic",
      google: "google-ai-studio",
    };
    for (const [typed, meant] of Object.entries(cases)) assert.equal(nearest(typed, known), meant, typed);
    for (const typed of ["", "x", "mistral", "q".repeat(10_000)]) {
      assert.equal(nearest(typed, known), undefined, typed.slice(0, 10));
    }
  });
});
