import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { PROVIDERS } from "../src/providers/table.ts";
import { parseRoute, type Route } from "../src/routing/route.ts";

/** Any UTF-16 code unit, half of them ASCII. */
const CODE_UNIT = fc.oneof(fc.nat(127), fc.nat(0xffff)).map((code) => String.fromCharCode(code));

const isProvider = (slug: string) => PROVIDERS.has(slug) || slug === "custom-mine" || slug === "demo";
const read = (asked: string): Route => {
  const [method = "", pathname = ""] = asked.split(" ");
  return parseRoute(method, pathname, isProvider);
};

const HERE = { account: "default", gateway: "default" };
const GW = { account: "acc", gateway: "gw" };
const native = (place: typeof HERE, provider: string, path: string): Route => ({
  ...place,
  kind: "native",
  provider,
  path,
});
const compat = (place: typeof HERE, operation: "chat" | "embeddings" | "models"): Route => ({
  ...place,
  kind: "compat",
  operation,
});

function each(expected: Route, ...asked: readonly string[]): void {
  for (const one of asked) assert.deepEqual(read(one), expected, one);
}

describe("a route", () => {
  test("to a provider keeps the path below it", () => {
    each(native(GW, "openai", "v1/chat/completions"), "POST /v1/acc/gw/openai/v1/chat/completions");
    each(native(GW, "anthropic", "v1/messages/count_tokens"), "POST /v1/acc/gw/anthropic/v1/messages/count_tokens");
    each(
      native(GW, "google-ai-studio", "v1beta/models/m:generateContent"),
      "POST /v1/acc/gw/google-ai-studio/v1beta/models/m:generateContent",
    );
    each(
      native(GW, "aws-bedrock", "bedrock-runtime/us-east-1/model/a%3Ab%2Fc/converse"),
      "POST /v1/acc/gw/aws-bedrock/bedrock-runtime/us-east-1/model/a%3Ab%2Fc/converse",
    );
    each(native(GW, "workers-ai", "@cf/meta/m"), "POST /v1/acc/gw/workers-ai/@cf/meta/m");
  });

  test("to a provider takes any method", () => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]) {
      each(native(GW, "openai", "files/x"), `${method} /v1/acc/gw/openai/files/x`);
    }
  });

  test("to a provider of the default gateway needs no account", () => {
    each(
      native(HERE, "openai", "chat/completions"),
      "POST /openai/chat/completions",
      "POST /v1/openai/chat/completions",
      "POST /v1/v1/openai/chat/completions",
    );
    each(native(HERE, "anthropic", "v1/messages"), "POST /anthropic/v1/messages");
    each(
      native(HERE, "groq", "openai/v1/chat/completions"),
      "POST /groq/openai/v1/chat/completions",
      "POST /v1/groq/openai/v1/chat/completions",
    );
    each(native(HERE, "azure-openai", "res/dep/chat/completions"), "POST /v1/azure-openai/res/dep/chat/completions");
    each(native(HERE, "openrouter", "models/openai/gpt/endpoints"), "GET /v1/openrouter/models/openai/gpt/endpoints");
    each(native(HERE, "custom-mine", "a/b"), "POST /custom-mine/a/b", "POST /v1/custom-mine/a/b");
  });

  test("may have an account that is called like a provider", () => {
    each(
      { account: "openai", gateway: "gw", kind: "native", provider: "anthropic", path: "v1/messages" },
      "POST /v1/openai/gw/anthropic/v1/messages",
    );
    each(
      { account: "openai", gateway: "gw", kind: "compat", operation: "chat" },
      "POST /v1/openai/gw/compat/chat/completions",
    );
    each(native(HERE, "azure-openai", "res/openai/v1/responses"), "POST /azure-openai/res/openai/v1/responses");
  });

  test("tolerates doubled slashes, a trailing slash, and a doubled or missing /v1", () => {
    each(
      native(GW, "openai", "v1/chat/completions"),
      "POST //v1/acc/gw/openai/v1/chat/completions",
      "POST /v1//acc//gw//openai//v1//chat/completions",
      "POST /v1/acc/gw/openai/v1/chat/completions/",
      "POST /v1/v1/acc/gw/openai/v1/chat/completions",
      "POST /acc/gw/openai/v1/chat/completions",
      "POST /v1/acc/gw/v1/openai/v1/chat/completions",
    );
    each(compat(GW, "chat"), "POST /v1/acc/gw/compat//chat/completions/", "POST /acc/gw/compat/chat/completions");
  });

  test("keeps a trailing slash for a provider of one's own", () => {
    each(native(GW, "custom-mine", "a/"), "POST /v1/acc/gw/custom-mine/a/");
    each(native(GW, "custom-mine", ""), "POST /v1/acc/gw/custom-mine/");
  });

  test("takes slugs in any case, and leaves the names and the path as they are", () => {
    each(
      { account: "Acc", gateway: "GW", kind: "native", provider: "openai", path: "Files/X" },
      "GET /V1/Acc/GW/OpenAI/Files/X",
    );
    each(compat(GW, "chat"), "POST /v1/acc/gw/Compat/Chat/Completions");
  });

  test("to a custom provider is native even if nobody configured it", () => {
    each(
      native({ account: "a", gateway: "g" }, "custom-unknown", "x"),
      "POST /v1/a/g/custom-unknown/x",
      "GET /v1/a/g/custom-unknown/x",
    );
    each(native(HERE, "custom-unknown", "x/y"), "POST /custom-unknown/x/y");
  });

  test("to the unified endpoints may leave out a good deal", () => {
    const words = { chat: "chat/completions", embeddings: "embeddings", models: "models" } as const;
    for (const [operation, path] of Object.entries(words) as ["chat" | "embeddings" | "models", string][]) {
      each(
        compat(HERE, operation),
        `POST /v1/${path}`,
        `POST /${path}`,
        `POST /compat/${path}`,
        `POST /compat/v1/${path}`,
        `GET /v1/compat/v1/${path}/`,
      );
      each(
        compat(GW, operation),
        ...["", "v1/", "compat/", "compat/v1/", "compat/v1/v1/"].map((way) => `POST /v1/acc/gw/${way}${path}`),
      );
    }
    each(compat(GW, "chat"), "POST /v1/acc/gw/compat/chat/completion");
    each(compat(HERE, "chat"), "POST /v1/chat/completion");
  });

  test("is universal when something is sent to the gateway itself", () => {
    each(
      { ...GW, kind: "universal" },
      "POST /v1/acc/gw",
      "POST /v1/acc/gw/",
      "PUT /v1/v1/acc/gw//",
      "POST /v1/acc/gw/v1",
    );
    each({ ...HERE, kind: "universal" }, "POST /", "POST /v1", "POST /v1/", "POST //");
  });

  test("is a probe when somebody looks whether the gateway or a provider is there", () => {
    each({ ...GW, kind: "probe" }, "GET /v1/acc/gw", "HEAD /v1/acc/gw/", "GET /v1/acc/gw/compat");
    each({ ...HERE, kind: "probe" }, "GET /", "HEAD /", "GET /v1", "GET /compat");
    each({ ...GW, kind: "probe", provider: "anthropic" }, "HEAD /v1/acc/gw/anthropic", "GET /v1/acc/gw/Anthropic/");
    each({ ...HERE, kind: "probe", provider: "openai" }, "GET /openai", "HEAD /v1/openai/");
    each(native(GW, "fal", ""), "POST /v1/acc/gw/fal");
  });
});

describe("an unknown path", () => {
  const nearest = (asked: string): string => {
    const route = read(asked);
    assert.equal(route.kind, "unknown", asked);
    return route.kind === "unknown" ? route.nearest : "";
  };

  test("names the provider that was meant", () => {
    assert.equal(nearest("POST /v1/acc/gw/opnai/chat/completions"), "/v1/acc/gw/openai");
    assert.equal(nearest("POST /opnai/chat/completions"), "/openai");
    assert.equal(nearest("POST /v1/anthropicc/v1/messages"), "/anthropic");
  });

  test("names the provider's path where a client was pointed at the gateway's /v1", () => {
    assert.equal(nearest("POST /v1/responses"), "/openai/v1/responses");
    assert.equal(nearest("POST /v1/images/generations"), "/openai/v1/images/generations");
    assert.equal(nearest("GET /v1/models/gpt-5"), "/openai/v1/models/gpt-5");
    assert.equal(nearest("POST /v1/audio/transcriptions"), "/openai/v1/audio/transcriptions");
    assert.equal(nearest("POST /v1/chat"), "/v1/chat/completions");
  });

  test("names the nearest endpoint", () => {
    assert.equal(nearest("GET /helthz"), "/healthz");
    assert.equal(nearest("POST /v1/embedings"), "/embeddings");
    assert.equal(nearest("GET /favicon.ico"), "/v1/chat/completions");
  });

  test("is what an ill-formed account or gateway makes", () => {
    const names = ["a%20b", "a%2fb", "a:b", "a@b", "x".repeat(65), "%2e%2e", "a;b", "ä"];
    for (const name of names) {
      assert.equal(read(`POST /v1/${name}/gw/openai/x`).kind, "unknown", name);
      assert.equal(read(`POST /v1/acc/${name}`).kind, "unknown", name);
    }
    assert.equal(parseRoute("POST", "/v1/../gw", isProvider).kind, "unknown");
    assert.equal(read(`POST /v1/${"x".repeat(64)}/A-b_c.9`).kind, "universal");
  });

  test("is a bare pair of words without /v1", () => {
    assert.equal(read("GET /wp-admin/setup.php").kind, "unknown");
    assert.equal(read("POST /acc/gw").kind, "unknown");
  });
});

test("reading a path never throws and never invents a place", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "v1",
      "V1",
      "compat",
      "chat",
      "completions",
      "models",
      "openai",
      "custom-x",
      "acc",
      "gw",
      "..",
      ".",
      "",
      "%2f",
      "__proto__",
    ),
    fc.string({ unit: CODE_UNIT, maxLength: 70 }),
  );
  const method = fc.constantFrom("GET", "HEAD", "POST", "OPTIONS", "");
  fc.assert(
    fc.property(method, fc.array(word, { maxLength: 8 }), (method, words) => {
      const pathname = `/${words.join("/")}`;
      const route = parseRoute(method, pathname, isProvider);
      assert.match(route.account, /^[\w.-]{1,64}$/);
      assert.match(route.gateway, /^[\w.-]{1,64}$/);
      assert.ok(route.account === "default" || pathname.includes(route.account));
      if (route.kind === "native") assert.ok(!route.path.startsWith("/") && !route.path.includes("//"));
      if (route.kind === "unknown") assert.match(route.nearest, /^\/[\w./-]+$/);
    }),
    { numRuns: 300 },
  );
});
