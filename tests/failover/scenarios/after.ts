/**
 * Faults after the first output, where the gateway is to say so and stop: the caller is told in its own dialect, and
 * never that a part was the whole.
 *
 * @module
 */
import type { DialectId } from "../../wall/dialects/dialect.ts";
import { DIALECT_IDS } from "../../wall/dialects/table.ts";
import { aliveAfter, asked, brokenHonestly, hasShown, hungUp, within } from "../checks.ts";
import { type Check, group, type Scenario } from "../scenario.ts";
import { letter, NAMES } from "./names.ts";

type Own = Omit<Scenario, "group">;

/** A stream that breaks after some output; nobody else is asked. */
function told(
  id: string,
  title: string,
  fault: string,
  dialect: DialectId = "chat",
  checks: readonly Check[] = [],
): Own {
  return {
    id,
    title,
    ideal: "error",
    ask: { models: [fault, "ok"], gateway: "wall-error", dialect, hangsAfter: 40_000 },
    checks: [brokenHonestly, hasShown, asked(1, 1), ...checks],
  };
}

/** Faults after the first output. */
export const afterwards: readonly Scenario[] = group("after the first output", [
  told("F40a", "An error event after 20 tokens, OpenAI chat", "error-event-late"),
  told("F40b", "An error event after 20 tokens, OpenAI responses", "error-event-late", "responses"),
  told("F40c", "An error event after 20 tokens, Anthropic", "error-event-late", "messages"),
  told("F40d", "An error event after 20 tokens, Gemini", "error-event-late", "gemini"),
  told("F41a", "A reset at 40 of 60 tokens, OpenAI chat", "cut"),
  told("F41b", "A reset at 40 of 60 tokens, Anthropic", "cut", "messages"),
  told("F42a", "A close at 40 of 60 tokens, OpenAI responses", "cut-close", "responses"),
  told("F42b", "A close at 40 of 60 tokens, Gemini", "cut-close", "gemini"),
  told("F43a", "A clean end at 40 of 60 tokens, OpenAI chat", "cut-clean"),
  told("F43b", "A clean end at 40 of 60 tokens, OpenAI responses", "cut-clean", "responses"),
  told("F43c", "A clean end at 40 of 60 tokens, Anthropic", "cut-clean", "messages"),
  told("F43d", "A clean end at 40 of 60 tokens, Gemini", "cut-clean", "gemini"),
  told("F44a", "A stall of 30 s after 20 tokens, OpenAI chat", "stall", "chat", [within(20_000), hungUp]),
  told("F44b", "A stall of 30 s after 20 tokens, Anthropic", "stall", "messages", [within(20_000), hungUp]),
  told("F45", "Broken chunk framing after 20 tokens", "bad-chunk"),
  ...DIALECT_IDS.map((dialect, index): Own => ({
    id: `F46${letter(index)}`,
    title: `A tool was called, then an error, ${NAMES[dialect]}: no second call of a tool`,
    ideal: "error",
    ask: { models: ["error-tool", "ok"], gateway: "wall", dialect },
    checks: [brokenHonestly, asked(1, 1)],
  })),
  {
    id: "F47",
    title: "The text says that it is complete, but the connection stays open without an end mark",
    ideal: "answer",
    ask: { models: ["no-done-open", "ok"], gateway: "wall-error", hangsAfter: 40_000, probes: true },
    checks: [within(20_000), aliveAfter, asked(1, 1)],
  },
  ...DIALECT_IDS.slice(1).map((dialect, index): Own => ({
    id: `F48${letter(index)}`,
    title: `The tenth event isn't JSON, ${NAMES[dialect]}`,
    ideal: "answer",
    ask: { models: ["bad-json", "ok"], gateway: "wall-error", dialect, probes: true },
    checks: [aliveAfter, asked(1, 1)],
  })),
]);
