/**
 * Steps of universal calls.
 *
 * @module
 */
import type { Answered } from "./client.ts";
import type { Stage } from "./stage.ts";
import type { Ticket } from "./upstream.ts";

/** A step for OpenAI with a ticket; `more` overrides. */
export function step(ticket: Ticket, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    provider: "openai",
    endpoint: "chat/completions",
    headers: { "authorization": ticket.bearer, "content-type": "application/json" },
    query: { model: "gpt-5", messages: [] },
    ...more,
  };
}

/** A step for Anthropic with a ticket; `more` overrides. */
export function messages(ticket: Ticket, more: Record<string, unknown> = {}): Record<string, unknown> {
  return step(ticket, {
    provider: "anthropic",
    endpoint: "v1/messages",
    headers: { "x-api-key": ticket.key, "anthropic-version": "2023-06-01" },
    ...more,
  });
}

/** Makes a universal call; `steps` as text is sent as it is. */
export function run(
  { gateway }: Stage,
  steps: unknown,
  headers: Record<string, string> = {},
  path = "/v1/acc/gw",
): Promise<Answered> {
  return gateway.post(path, typeof steps === "string" ? steps : JSON.stringify(steps), headers);
}
