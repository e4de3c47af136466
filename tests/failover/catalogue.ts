/**
 * The sixteen scenarios of the public failover catalogue, with its rules.
 *
 * @module
 */
import {
  advisory,
  aliveAfter,
  gapOf,
  namesTheFallback,
  notHammered,
  othersAsked,
  primaryAsked,
  tellsUsage,
  within,
} from "./checks.ts";
import { outage } from "./outage.ts";
import { type Check, group, type Scenario, type Seen } from "./scenario.ts";

/** A refusal to go on from what was said must not be what the caller is told. */
const noMaskedPrefill: Check = {
  name: "the fallback's refusal doesn't hide the failure",
  complaint({ reading: { error } }) {
    return error !== undefined && /prefill/i.test(error)
      ? "the caller is told of a prefill, not of the failure"
      : undefined;
  },
};

/** Retry-After comes in whole seconds: a tenth of it may be missing, as in the catalogue. */
const hinted = (seen: Seen) => seen.pace.seconds(2) * 900;

/** The public catalogue's scenarios. */
export const catalogue: readonly Scenario[] = group("catalogue", [
  {
    id: "S01",
    title: "429 with Retry-After, then well",
    ideal: "answer",
    ask: ({ seconds }) => ({ models: [`429-after-${seconds(2)}`, "ok"], hangsAfter: 20_000 }),
    checks: [advisory(primaryAsked(2, Infinity)), advisory(gapOf(hinted)), notHammered(2, 1500)],
  },
  {
    id: "S02",
    title: "429 for ever, without Retry-After",
    ideal: "answer",
    ask: { models: ["429", "ok"], hangsAfter: 40_000 },
    checks: [notHammered(4, 3000), primaryAsked(0, 6)],
  },
  {
    id: "S03",
    title: "500 once, then well",
    ideal: "answer",
    ask: { models: ["500-once", "ok"], hangsAfter: 20_000 },
    checks: [advisory(primaryAsked(2, Infinity))],
  },
  {
    id: "S04",
    title: "503 for ever",
    ideal: "answer",
    ask: { models: ["503", "ok"], hangsAfter: 40_000 },
    checks: [primaryAsked(0, 6)],
  },
  {
    id: "S05",
    title: "Reset before the headers, then well",
    ideal: "answer",
    ask: { models: ["reset-once", "ok"], hangsAfter: 20_000 },
  },
  {
    id: "S06",
    title: "No answer at all for 120 s",
    ideal: "answer",
    ask: { models: ["silent", "ok"], hangsAfter: 130_000 },
    checks: [within(100_000), advisory(primaryAsked(0, 1))],
  },
  {
    id: "S07",
    title: "Headers at once, the first token after 20 s",
    ideal: "answer",
    ask: { models: ["slow-first-token", "ok"], hangsAfter: 60_000 },
    checks: [advisory(within(15_000))],
  },
  {
    id: "S08",
    title: "The stream is cut at 40 of 60 tokens",
    ideal: "answer",
    ask: { models: ["cut-close", "ok"], hangsAfter: 40_000 },
  },
  {
    id: "S09",
    title: "The stream stalls after 20 tokens for 30 s",
    ideal: "answer",
    ask: { models: ["stall", "ok"], hangsAfter: 70_000, probes: true },
    checks: [within(45_000), aliveAfter],
  },
  {
    id: "S10",
    title: "The tenth event isn't JSON",
    ideal: "answer",
    ask: { models: ["bad-json", "ok"], hangsAfter: 30_000, probes: true },
    checks: [aliveAfter],
  },
  {
    id: "S11",
    title: "The stream ends without its end mark",
    ideal: "answer",
    ask: { models: ["no-done", "ok"], hangsAfter: 30_000 },
    checks: [within(8000), advisory(tellsUsage)],
  },
  {
    id: "S12",
    title: "The context is too long for the model",
    ideal: "answer",
    ask: { models: ["context-length", "ok"], hangsAfter: 20_000 },
    checks: [primaryAsked(1, 1)],
  },
  {
    id: "S13",
    title: "The content filter refuses",
    ideal: "error",
    ask: { models: ["content-filter", "ok"], hangsAfter: 20_000 },
    checks: [primaryAsked(1, 1)],
  },
  {
    id: "S14",
    title: "The stream is cut, and the fallback takes no prefill",
    ideal: "answer",
    ask: { models: ["cut-close", "no-prefill"], hangsAfter: 40_000 },
    checks: [noMaskedPrefill],
  },
  {
    id: "S15",
    title: "Down for 60 s, then well; a call every 4 s",
    ideal: "answer",
    ask: { models: ["outage", "ok"], hangsAfter: 30_000 },
    play: outage,
  },
  {
    id: "S16",
    title: "A fallback's answer is accounted to the fallback",
    ideal: "answer",
    ask: { models: ["503", "ok"], hangsAfter: 40_000 },
    checks: [namesTheFallback, advisory(tellsUsage), primaryAsked(0, 6), othersAsked(1, 1)],
  },
]);
