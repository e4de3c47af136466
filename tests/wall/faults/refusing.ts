/**
 * Faults with a status: the provider answers, and says no.
 *
 * @module
 */
import { type Reason, REFUSALS } from "../refusal.ts";
import { answer, type Fault, JSON_HEAD, PACE, refuse, type Scene } from "../scene.ts";
import type { HeadFields } from "../pen.ts";

const always = (reason: Reason): Fault => (scene) => refuse(scene, reason);

const once = (reason: Reason, fields: (scene: Scene) => HeadFields = () => []): Fault => (scene) =>
  scene.visit.number === 1 ? refuse(scene, reason, fields(scene)) : answer(scene);

const seconds = ({ count }: Scene): number => count ?? 1;

/** A date in HTTP has whole seconds: this one is never earlier than asked for. */
const dateAfter = (scene: Scene): string =>
  new Date(Math.ceil(Date.now() / 1000 + seconds(scene)) * 1000).toUTCString();

/** Google hints in the body. */
const hinted: Fault = (scene) => {
  if (scene.visit.number > 1) return answer(scene);
  const hint = { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": `${seconds(scene)}s` };
  const body = scene.visit.dialect.refusal({ ...REFUSALS.rate, details: [hint] });
  scene.pen.reply(429, JSON_HEAD, JSON.stringify(body));
};

/** Refusals. */
export const refusing: Readonly<Record<string, Fault>> = {
  "429": always("rate"),
  /** Once, with `retry-after` in seconds, as a date, in milliseconds, in the body. */
  "429-after": once("rate", (scene) => [["retry-after", String(seconds(scene))]]),
  "429-date": once("rate", (scene) => [["retry-after", dateAfter(scene)]]),
  "429-ms": once("rate", ({ count = 100 }) => [["retry-after-ms", String(count)]]),
  "429-hint": hinted,
  "no-credit": always("credit"),
  "unpaid": always("unpaid"),
  "denied": always("denied"),
  "500-once": once("server"),
  "500": always("server"),
  "503": always("busy"),
  "503-after": (scene) => refuse(scene, "busy", [["retry-after", String(seconds(scene))]]),
  "529": always("overloaded"),
  "context-length": always("length"),
  "content-filter": always("filter"),
  /** Down from the first call on, for a while. */
  "outage": (scene) => scene.sinceFirstMs < PACE.outage ? refuse(scene, "busy") : answer(scene),
  "no-prefill": (scene) => {
    const isPrefilled = scene.visit.dialect.prefill(scene.visit.body) !== undefined;
    return isPrefilled ? refuse(scene, "prefill") : answer(scene);
  },
};
