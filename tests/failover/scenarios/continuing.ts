/**
 * Faults after the first output, where the gateway is to go on at the next target if that can be done truly.
 *
 * @module
 */
import type { DialectId } from "../../wall/dialects/dialect.ts";
import { advisory, asked, brokenHonestly, hasShown, othersAsked, within } from "../checks.ts";
import { type Ask, type Check, group, type Scenario } from "../scenario.ts";

type Own = Omit<Scenario, "group">;

/** A stream that breaks after some output; another target completes it. */
function completed(
  id: string,
  title: string,
  models: Ask["models"],
  dialect: DialectId = "chat",
  checks: readonly Check[] = [],
): Own {
  return { id, title, ideal: "answer", ask: { models, dialect }, checks: [othersAsked(0, 2), ...checks] };
}

/** What can't be completed truly is told. */
function untold(id: string, title: string, models: Ask["models"], checks: readonly Check[] = []): Own {
  return { id, title, ideal: "error", ask: { models }, checks: [brokenHonestly, hasShown, ...checks] };
}

/** Going on elsewhere. */
export const continuing: readonly Scenario[] = group("going on elsewhere", [
  completed("F60a", "Cut at 40 of 60 tokens, OpenAI responses", ["cut-close", "ok"], "responses"),
  completed("F60b", "Cut at 40 of 60 tokens, Anthropic", ["cut-close", "ok"], "messages"),
  completed("F60c", "Cut at 40 of 60 tokens, Gemini", ["cut-close", "ok"], "gemini"),
  completed("F61", "Reset at 40 of 60 tokens", ["cut", "ok"]),
  completed("F62", "Ended at 40 of 60 tokens as if that were all", ["cut-clean", "ok"]),
  completed("F63a", "An error event after 20 tokens, OpenAI chat", ["error-event-late", "ok"]),
  completed("F63b", "An error event after 20 tokens, Anthropic", ["error-event-late", "ok"], "messages"),
  completed("F64", "Broken chunk framing after 20 tokens", ["bad-chunk", "ok"]),
  completed("F65", "A stall of 30 s after 20 tokens, Anthropic", ["stall", "ok"], "messages", [within(25_000)]),
  completed(
    "F66",
    "Cut, the first fallback refuses the key, the second takes no prefill",
    [
      "cut-close",
      "denied",
      "no-prefill",
    ],
    "chat",
    [asked(0, 4)],
  ),
  untold("F67", "Another model words it differently: the two are never put together", ["cut-close", "other-words"]),
  untold("F68", "Every target is cut", ["cut-close", "cut-close-20", "cut"], [
    advisory(asked(2, 4)),
  ]),
  untold("F69", "The only other target speaks another dialect", ["cut-close", ["ok", "messages"]], [
    advisory(asked(1, 1)),
  ]),
  {
    id: "F70",
    title: "The record says who answered, who failed, and what it used",
    ideal: "answer",
    ask: { models: ["503", "ok"], dialect: "messages", wantsRecord: true },
    checks: [
      {
        name: "headers and record name the fallback",
        complaint({ headers, record, models }) {
          const told = [headers.get("cf-aig-step"), headers.get("cf-aig-model"), headers.get("cf-aig-provider")];
          if (told.join() !== `1,${models[1]},anthropic`) return `the headers say ${told.join(", ")}`;
          if (record === undefined) return "the call has no record";
          const { step, model, provider, usage, success } = record;
          const noted = [step, model, provider, usage?.output, success].join();
          return noted === `1,${models[1]},anthropic,60,true` ? undefined : `the record says ${noted}`;
        },
      },
      {
        name: "the record lists every attempt",
        complaint({ record, visits }) {
          const statuses = record?.attempts.map(({ status }) => status).join();
          const seen = visits.map((_, index) => index === visits.length - 1 ? 200 : 503).join();
          return statuses === seen ? undefined : `the record lists ${statuses} for ${seen}`;
        },
      },
    ],
  },
  {
    id: "F71",
    title: "A stream that broke is recorded as failed, and never as a success",
    ideal: "error",
    ask: { models: ["cut-close", "ok"], gateway: "wall-error", wantsRecord: true },
    checks: [
      {
        name: "the record says so",
        complaint: ({ record }) =>
          record?.success === false && record.outcome === "failed"
            ? undefined
            : `the record says ${record?.outcome}, ${record?.success === true ? "a success" : "no success"}`,
      },
    ],
  },
]);
