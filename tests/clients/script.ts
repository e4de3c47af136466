/**
 * What the clients ask, and what the mock provider answers: the same words that the demo provider answers by itself.
 *
 * @module
 */
import type { ChatCompletionRequest, FixtureResponse, LLMock } from "@copilotkit/aimock";

/** Said back by `echo` models. */
export const SAYING = "The tide turns at noon.";

/** Asks for the tool; both providers call it with {@link CITY}. */
export const QUESTION = "What is the weather in Bath?";

/** Asks for {@link REPORT}. */
export const ORDER = "Report the weather as JSON.";

export const CITY = "Bath";

/** The only value that {@link SCHEMA} allows. */
export const REPORT = { city: CITY, degrees: 21 } as const;

export const SCHEMA = {
  type: "object",
  properties: { city: { type: "string", enum: [CITY] }, degrees: { type: "integer", enum: [21] } },
  required: ["city", "degrees"],
  additionalProperties: false,
} as const;

/** Parameters of the tool `weather`. */
export const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string", enum: [CITY] } },
  required: ["city"],
  additionalProperties: false,
} as const;

/** What the tool says when it is run. */
export const OUTCOME = "21 degrees and dry";

/** Tokens that the mock reports for everything it says, by the names of each wire format. */
export const USAGE = { input: 11, output: 7 } as const;

const usage = {
  prompt_tokens: USAGE.input,
  completion_tokens: USAGE.output,
  input_tokens: USAGE.input,
  output_tokens: USAGE.output,
  promptTokenCount: USAGE.input,
  candidatesTokenCount: USAGE.output,
};

/** Numbers that a float of four bytes holds exactly. */
export const VECTOR: readonly number[] = [0.25, -0.5, 1];

/** Models of the mock that fail, with the status and the sentence of each. */
export const FAILURES = {
  "busy": { status: 429, message: "Slow down: you send too fast." },
  "broken": { status: 503, message: "The model is out of service." },
  "unpaid": { status: 402, message: "Top up your credit." },
  "nowhere": { status: 404, message: "The model nowhere does not exist." },
} as const;

/** Teaches the mock its part. */
export function rehearse(mock: LLMock): void {
  for (const [model, { status, message }] of Object.entries(FAILURES)) {
    mock.on({ model }, { error: { message, type: "mock_error", code: `mock_${model}` }, status, retryAfter: 0.01 });
  }
  mock.on({ model: "slow" }, saidBack, { streamingProfile: { ttft: 1, tps: 20 }, chunkSize: 2 });
  mock.on({ userMessage: ORDER }, { content: JSON.stringify(REPORT), usage });
  const toolCalls = [{ id: "call_1", name: "weather", arguments: JSON.stringify({ city: CITY }) }];
  const asked = { userMessage: QUESTION, hasToolResult: false };
  mock.on({ ...asked, model: "echo-gemini" }, { toolCalls, usage, finishReason: "stop" });
  mock.on(asked, { toolCalls, usage });
  mock.onEmbedding(SAYING, { embedding: [...VECTOR] });
  mock.onTranscription({ transcription: { text: SAYING } });
  mock.on({ predicate: ({ messages }) => messages.length > 0 }, saidBack);
}

/** The last message, whether the user or a tool sent it. */
function saidBack({ messages }: ChatCompletionRequest): FixtureResponse {
  const content = messages.at(-1)?.content ?? "";
  const text = typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
  return { content: text, usage };
}
