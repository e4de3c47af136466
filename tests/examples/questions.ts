/**
 * What every example that serves HTTP is asked.
 *
 * @module
 */
import assert from "node:assert/strict";

const SAYING = "Every example says this back, word by word: é 😀.";
const PATIENCE_MS = 10_000;

/**
 * Asks for a chat completion of the demo provider, plain and as a stream, below the gateway's base URL.
 *
 * @returns The headers of the plain answer.
 */
export async function chats(base: string): Promise<Headers> {
  const plain = await chat(base, "echo", false);
  assert.equal(plain.headers.get("cf-aig-provider"), "demo");
  const { choices } = await plain.json() as { choices: [{ message: { content: string } }] };
  assert.equal(choices[0].message.content, SAYING);
  const streamed = await chat(base, "echo", true);
  assert.match(streamed.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.equal(said(await streamed.text()), SAYING);
  return plain.headers;
}

/** Asks a model that falls silent in the middle of its answer: what it said before must be there all the same. */
export async function streamsAtOnce(base: string): Promise<void> {
  const { body } = await chat(base, "stall", true);
  const reader = body?.getReader();
  const { value } = await reader?.read() ?? {};
  assert.match(new TextDecoder().decode(value), /^data: \{/);
  await reader?.cancel();
}

/** Asks how the gateway is, and on which runtime it believes to be. */
export async function isOn(base: string, runtime: string): Promise<void> {
  const answer = await fetch(`${base}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  assert.deepEqual(await answer.json(), { status: "ok", runtime });
}

/** What is asked, and for whom. */
interface Question {
  readonly tenant: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the demo provider for one answer, whatever becomes of it, and reads it to its end. */
export async function ask(base: string, { tenant, text, headers = {} }: Question): Promise<Response> {
  const answer = await fetch(`${base}/demo/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "cf-aig-metadata": JSON.stringify({ tenant }), ...headers },
    body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: text }] }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  await answer.arrayBuffer();
  return answer;
}

async function chat(base: string, model: string, stream: boolean): Promise<Response> {
  const answer = await fetch(`${base}/demo/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, stream, messages: [{ role: "user", content: SAYING }] }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (answer.status !== 200) assert.fail(`${model} was answered with ${answer.status}: ${await answer.text()}`);
  return answer;
}

/** The text of a stream of chat completion chunks that came to its proper end. */
function said(stream: string): string {
  const events = stream.trimEnd().split("\n\n").map((event) => event.replace(/^data: /, ""));
  assert.equal(events.pop(), "[DONE]");
  const chunks = events.map((event) => JSON.parse(event) as { choices: [{ delta: { content?: string } }?] });
  return chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "").join("");
}
