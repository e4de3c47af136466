import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { findProvider as findPrices } from "@pydantic/genai-prices";
import { GatewayError } from "../src/errors.ts";
import { isPrivateHost } from "../src/origin.ts";
import type { Provider } from "../src/providers/provider.ts";
import { customProvider, findProvider, nearestProvider, PROVIDERS, ROWS, withOrigin } from "../src/providers/table.ts";
import { resolveTarget } from "../src/providers/target.ts";

function row(slug: string): Provider {
  const found = findProvider(slug);
  assert.ok(found, slug);
  return found;
}

const resolved = (provider: Provider, path: string, account = "acc"): string =>
  resolveTarget(provider, { path, search: "", account }).href;

const wireOf = (slug: string, path: string) => row(slug).wires.find(([pattern]) => pattern.test(path))?.[1];

describe("the table", () => {
  test("has no slug and no alias twice, and finds each row by all of them", () => {
    const slugs = ROWS.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
    assert.equal(new Set(slugs).size, slugs.length);
    assert.equal(PROVIDERS.size, slugs.length);
    for (const slug of slugs) assert.match(slug, /^[a-z0-9][a-z0-9-]*$/);
    for (const provider of ROWS) {
      for (const slug of [provider.id, ...(provider.aliases ?? [])]) assert.equal(row(slug), provider);
    }
  });

  test("finds providers by the names that clients use", () => {
    const names = {
      "google-ai-studio": ["google", "gemini"],
      grok: ["xai"],
      "aws-bedrock": ["bedrock"],
      "azure-openai": ["azure"],
      "google-vertex-ai": ["vertex", "google-vertex"],
      "perplexity-ai": ["perplexity"],
      together: ["together-ai"],
      huggingface: ["hf"],
    };
    for (const [id, aliases] of Object.entries(names)) for (const alias of aliases) assert.equal(row(alias).id, id);
    assert.equal(findProvider("compat"), undefined);
    assert.equal(findProvider("__proto__"), undefined);
  });

  test("names the nearest slug for a hint", () => {
    assert.equal(nearestProvider("opnai"), "openai");
    assert.equal(nearestProvider("antropic"), "anthropic");
    assert.equal(nearestProvider("gogle"), "google");
    assert.equal(nearestProvider("azure-open"), "azure-openai");
    assert.equal(nearestProvider("x".repeat(500)), "openai");
  });

  test("shares no environment variable, and none of its header names has a capital", () => {
    const names = ROWS.flatMap(({ env }) => env === undefined ? [] : [env]);
    assert.equal(new Set(names).size, names.length);
    for (const { auth, requestHeaders = [], answerHeaders = [] } of ROWS) {
      const headers = [auth.header ?? "", ...(auth.also ?? []), ...requestHeaders, ...answerHeaders];
      for (const header of headers) assert.equal(header, header.toLowerCase());
    }
  });

  test("goes to public https hosts only, but for servers of one's own", () => {
    const origins = ROWS.flatMap(({ id, rules }) =>
      rules.map(({ to }) => [id, new URL(to.replace(/\{\w+\}/g, "x"))] as const)
    );
    for (const [id, { protocol, hostname }] of origins) {
      const isOwn = id === "ollama" || id === "vllm";
      assert.equal(protocol === "https:" && !isPrivateHost(hostname), !isOwn, `${id} ${hostname}`);
    }
    assert.ok(ROWS.every(({ allowPrivate }) => allowPrivate === undefined));
  });

  test("names providers as the price library does", () => {
    const unpriced = "parallel deepgram elevenlabs cartesia replicate fal ideogram huggingface ollama vllm".split(" ");
    for (const { id, priceId = id } of ROWS) {
      const found = findPrices({ providerId: priceId })?.id;
      assert.equal(found, unpriced.includes(id) ? undefined : priceId, id);
    }
  });

  test("asks for a stream's usage only where the vendor needs and takes that", () => {
    const asked = ROWS.filter(({ asksForUsage }) => asksForUsage).map(({ id }) => id).sort();
    const expected = "azure-openai baseten deepseek fireworks grok ollama openai together vllm".split(" ");
    assert.deepEqual(asked, expected);
  });

  test("offers OpenAI's endpoints at paths that are known to speak them", () => {
    const wires = { chat: "openai-chat", embeddings: "openai-embeddings", models: undefined } as const;
    for (const provider of ROWS) {
      for (
        const [operation, path] of Object.entries(provider.compat ?? {}).filter((entry) => typeof entry[1] === "string")
      ) {
        const wire = provider.wires.find(([pattern]) => pattern.test(String(path)))?.[1];
        assert.equal(wire, wires[operation as keyof typeof wires], `${provider.id} ${path}`);
        const reachable = provider.id === "azure-openai"
          ? withOrigin(provider, "https://res.openai.azure.com")
          : provider;
        assert.match(resolved(reachable, String(path)), /^https?:\/\/.*\/(chat\/completions|embeddings|models)$/);
      }
    }
    assert.throws(() => resolved(row("azure-openai"), "v1/chat/completions"), { code: "invalid_parameter" });
  });
});

describe("the wire format", () => {
  const spoken: readonly (readonly [slug: string, path: string, wire: string | undefined])[] = [
    ["openai", "v1/chat/completions", "openai-chat"],
    ["openai", "chat/completions/", "openai-chat"],
    ["openai", "Chat/Completions", "openai-chat"],
    ["openai", "completions", "openai-chat"],
    ["openai", "responses", "openai-responses"],
    ["openai", "responses/compact", "openai-responses"],
    ["openai", "responses/resp_1", undefined],
    ["openai", "responses/resp_1/cancel", undefined],
    ["openai", "chat/completions/chatcmpl_1", undefined],
    ["openai", "embeddings", "openai-embeddings"],
    ["openai", "images/generations", "openai-responses"],
    ["openai", "audio/transcriptions", "openai-responses"],
    ["openai", "audio/speech", undefined],
    ["openai", "files", undefined],
    ["anthropic", "v1/messages", "anthropic-messages"],
    ["anthropic", "messages", "anthropic-messages"],
    ["anthropic", "v1/messages/count_tokens", undefined],
    ["anthropic", "v1/messages/batches", undefined],
    ["anthropic", "v1/chat/completions", "openai-chat"],
    ["google-ai-studio", "v1beta/models/m:generateContent", "gemini"],
    ["google-ai-studio", "models/m:streamGenerateContent", "gemini"],
    ["google-ai-studio", "models/m%3AgenerateContent", "gemini"],
    ["google-ai-studio", "models/m:countTokens", undefined],
    ["google-ai-studio", "v1beta/openai/chat/completions", "openai-chat"],
    ["google-vertex-ai", "v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent", "gemini"],
    [
      "google-vertex-ai",
      "v1/projects/p/locations/l/publishers/anthropic/models/claude:streamRawPredict",
      "anthropic-messages",
    ],
    ["google-vertex-ai", "v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict", undefined],
    ["google-vertex-ai", "v1/projects/p/locations/l/publishers/mistralai/models/m:rawPredict", "openai-chat"],
    ["google-vertex-ai", "v1/projects/p/locations/l/endpoints/openapi/chat/completions", "openai-chat"],
    ["aws-bedrock", "bedrock-runtime/us-east-1/model/m/converse", "bedrock-converse"],
    ["aws-bedrock", "bedrock-runtime/us-east-1/model/m/converse-stream", "bedrock-converse"],
    ["aws-bedrock", "bedrock-runtime/us-east-1/model/m/invoke", "bedrock-invoke"],
    ["aws-bedrock", "bedrock-runtime/us-east-1/model/m/invoke-with-response-stream", "bedrock-invoke"],
    ["aws-bedrock", "bedrock-runtime/us-east-1/openai/v1/chat/completions", "openai-chat"],
    ["aws-bedrock", "bedrock-mantle/us-east-1/anthropic/v1/messages", "anthropic-messages"],
    ["workers-ai", "@cf/meta/m", "workers-ai"],
    ["workers-ai", "run/@cf/meta/m", "workers-ai"],
    ["workers-ai", "v1/chat/completions", "openai-chat"],
    ["cohere", "v2/chat", "cohere"],
    ["cohere", "embed", "cohere"],
    ["cohere", "compatibility/v1/chat/completions", "openai-chat"],
    ["ollama", "api/chat", "ollama"],
    ["ollama", "api/generate", "ollama"],
    ["ollama", "v1/chat/completions", "openai-chat"],
    ["vllm", "v1/messages", "anthropic-messages"],
    ["groq", "openai/v1/chat/completions", "openai-chat"],
    ["deepseek", "anthropic/v1/messages", "anthropic-messages"],
    ["mistral", "v1/fim/completions", "openai-chat"],
    ["elevenlabs", "v1/text-to-speech/v", undefined],
  ];
  for (const [slug, path, wire] of spoken) {
    test(`at ${slug}/${path} is ${wire ?? "none"}`, () => assert.equal(wireOf(slug, path), wire));
  }
});

describe("a moved provider", () => {
  test("keeps its paths, and has no other host left", () => {
    for (const provider of ROWS) {
      const moved = withOrigin(provider, "http://127.0.0.1:9000");
      for (const { to } of moved.rules) assert.ok(to.startsWith("http://127.0.0.1:9000/"), `${provider.id} ${to}`);
    }
    assert.equal(
      resolved(withOrigin(row("openai"), "http://127.0.0.1:9000"), "chat/completions"),
      "http://127.0.0.1:9000/v1/chat/completions",
    );
    assert.equal(row("openai").rules[0]?.to, "https://api.openai.com/v1/{rest}");
  });

  test("has the path of its new origin in front, and nothing twice", () => {
    const at = (slug: string, origin: string, path: string) => resolved(withOrigin(row(slug), origin), path);
    assert.equal(at("openai", "https://proxy.example/a/b/", "responses"), "https://proxy.example/a/b/v1/responses");
    assert.equal(
      at("openai", "https://proxy.example/openai/v1", "v1/responses"),
      "https://proxy.example/openai/v1/responses",
    );
    assert.equal(
      at("groq", "https://proxy.example/openai", "chat/completions"),
      "https://proxy.example/openai/v1/chat/completions",
    );
    assert.equal(at("anthropic", "https://proxy.example", "messages"), "https://proxy.example/v1/messages");
  });

  test("may leave out in front what only its old host needed", () => {
    const azure = withOrigin(row("azure-openai"), "https://mine.openai.azure.com");
    assert.equal(resolved(azure, "v1/chat/completions"), "https://mine.openai.azure.com/openai/v1/chat/completions");
    assert.equal(
      resolved(azure, "res/v1/chat/completions"),
      "https://mine.openai.azure.com/openai/v1/chat/completions",
    );
    assert.equal(resolved(azure, "openai/deployments/d/x"), "https://mine.openai.azure.com/openai/deployments/d/x");
    assert.equal(
      resolved(azure, "res/dep/chat/completions"),
      "https://mine.openai.azure.com/openai/deployments/dep/chat/completions",
    );
    const bedrock = withOrigin(row("aws-bedrock"), "http://127.0.0.1:9000");
    assert.equal(
      resolved(bedrock, "bedrock-runtime/us-east-1/model/m/converse"),
      "http://127.0.0.1:9000/model/m/converse",
    );
  });

  test("may have its account in the origin", () => {
    const workers = withOrigin(row("workers-ai"), "https://api.cloudflare.com/client/v4/accounts/mine/ai");
    assert.equal(
      resolved(workers, "@cf/m", "default"),
      "https://api.cloudflare.com/client/v4/accounts/mine/ai/run/@cf/m",
    );
    assert.throws(() => resolved(row("workers-ai"), "@cf/m", "default"), { code: "invalid_parameter" });
  });

  test("can't be moved to what is no base URL", () => {
    for (const origin of ["", "x.y", "ftp://x.y", "https://u:p@x.y", "https://x.y/?a", "https://x.y/#a", "/v1"]) {
      assert.throws(() => withOrigin(row("openai"), origin), TypeError, origin);
      assert.throws(() => customProvider("custom-x", { origin }), TypeError, origin);
    }
    assert.throws(() => customProvider("custom-x", {}), { name: "TypeError", message: /custom-x.*must be set/ });
  });
});

describe("a custom provider", () => {
  const custom = (origin: string) => customProvider("custom-foo", { origin });

  test("has what follows its slug put after its origin", () => {
    const url = resolveTarget(custom("https://x.y"), { path: "a/b", search: "?c=1", account: "acc" });
    assert.equal(url.href, "https://x.y/a/b?c=1");
    assert.equal(resolved(custom("https://x.y/base/path/"), "a/b/"), "https://x.y/base/path/a/b/");
    assert.equal(resolved(custom("http://[::1]:8080"), "v1/models"), "http://[::1]:8080/v1/models");
    assert.equal(resolved(custom("https://x.y"), ""), "https://x.y/");
  });

  test("doesn't get the version of its origin twice", () => {
    for (const path of ["chat/completions", "v1/chat/completions", "v1/v1/chat/completions"]) {
      assert.equal(resolved(custom("https://x.y/v1"), path), "https://x.y/v1/chat/completions");
    }
    assert.equal(resolved(custom("https://x.y/v1"), "v2/chat"), "https://x.y/v1/v2/chat");
    assert.equal(
      resolved(custom("https://x.y/api/v3"), custom("https://x.y/api/v3").compat?.chat ?? ""),
      "https://x.y/api/v3/chat/completions",
    );
  });

  test("can't be left by its paths, nor can the path of its origin", () => {
    for (const path of ["..", "../x", "%2e%2e/x", "a/../../x", "/x", "//evil.example", "..%2fx", "%2fx"]) {
      assert.throws(() => resolved(custom("https://x.y/tenant/a"), path), GatewayError, path);
    }
    assert.equal(resolved(custom("https://x.y/a/../{rest}"), "z"), "https://x.y/%7Brest%7D/z");
  });

  test("speaks OpenAI's, Anthropic's and Google's formats where the paths say so", () => {
    const wire = (provider: Provider, path: string) => provider.wires.find(([pattern]) => pattern.test(path))?.[1];
    const plain = custom("https://x.y");
    assert.equal(wire(plain, "chat/completions"), "openai-chat");
    assert.equal(wire(plain, "v1/messages"), "anthropic-messages");
    assert.equal(wire(plain, "models/m:generateContent"), "gemini");
    assert.equal(wire(plain, "generate"), undefined);
    const told = customProvider("custom-foo", { origin: "https://x.y", wire: "ollama" });
    assert.equal(wire(told, "generate"), "ollama");
    assert.equal(wire(told, "v1/chat/completions"), "openai-chat");
  });

  test("is shown its key as a bearer token, or as it is told", () => {
    assert.partialDeepStrictEqual(custom("https://x.y").auth, {
      kind: "key",
      header: "authorization",
      scheme: "Bearer",
    });
    const told = customProvider("custom-foo", { origin: "https://x.y", auth: { header: "X-Key" } });
    assert.deepEqual(told.auth, { kind: "key", header: "x-key", also: ["authorization"] });
  });

  test("has the dialect of its wire, and OpenAI's endpoints if it speaks those", () => {
    const of = (wire: "anthropic-messages" | "gemini" | "openai-chat" | "cohere") =>
      customProvider("custom-foo", { origin: "https://x.y", wire });
    assert.deepEqual([of("anthropic-messages").dialect, of("gemini").dialect, of("openai-chat").dialect], [
      "anthropic",
      "gemini",
      "openai",
    ]);
    assert.equal(of("anthropic-messages").compat, undefined);
    assert.equal(of("openai-chat").compat?.chat, "chat/completions");
    const told = customProvider("custom-foo", { origin: "https://x.y", compat: { chat: "v1/chat/completions" } });
    assert.deepEqual(told.compat, { chat: "v1/chat/completions", embeddings: "embeddings", models: "models" });
  });
});

/** A table row of the docs, however it is padded. */
const cells = (line: string): string => line.split("|").slice(1, -1).map((cell) => cell.trim()).join("|");

const code = (text: string): string => `\`${text}\``;

function glance({ id, aliases = [], auth, env, compat = {} }: Provider): string {
  const scheme = "scheme" in auth && auth.scheme !== undefined ? `${auth.header}: ${auth.scheme}` : auth.header ?? "";
  const unified = ["chat", "embeddings"].filter((operation) => operation in compat).join(", ");
  return [code(id), aliases.map(code).join(", "), code(scheme), env === undefined ? "" : code(env), unified].join("|");
}

test("the docs have each provider and each path as the table has them", () => {
  const page = readFileSync(new URL("../docs/providers.md", import.meta.url), "utf8");
  const lines = page.split("\n").filter((line) => line.startsWith("|")).map(cells).filter((line) =>
    line.startsWith("`")
  );
  const paths = ROWS.flatMap(({ id, rules }) => rules.map(({ match, to }) => `${code(`${id}/${match}`)}|${code(to)}`));
  assert.deepEqual(lines, [...ROWS.map(glance), ...paths]);
});
