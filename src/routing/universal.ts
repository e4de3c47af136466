/**
 * The universal endpoint's body: an array of steps, or one bare step. Pure.
 *
 * @module
 */
import { GatewayError } from "../errors.ts";
import { controlName, passesOut } from "../headers.ts";
import { isObject, itemsAt, type Json, membersAt, sliceJson } from "../json.ts";
import type { StepConfig } from "./policy.ts";

/** One step, checked. */
export interface Step {
  readonly provider: string;
  /** Path below the provider, without a leading slash. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
  /** `cf-aig-*` headers of the step, without their prefix. */
  readonly controls: ReadonlyMap<string, string>;
  /** Its other headers, as the step wrote them. */
  readonly headers: Headers;
  readonly config: StepConfig | undefined;
  /** The `query`, its characters untouched. */
  readonly query: Json | undefined;
}

const MAX_STEPS = 32;
/** As much as servers take of a request's head. */
const MAX_HEADERS_LENGTH = 32 * 1024;

/** Reads the steps. @throws {GatewayError} `invalid_request` that names the step and what is wrong with it. */
export function readSteps(json: Json): readonly [Step, ...Step[]] {
  const { value, text } = json;
  const starts = Array.isArray(value)
    ? itemsAt(text, text.indexOf("[")).map(({ start }) => start)
    : [text.indexOf("{")];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length === 0) throw wrong("Send at least one step: the array is empty.");
  if (items.length > MAX_STEPS) throw wrong(`Send at most ${MAX_STEPS} steps: there are ${items.length}.`);
  return items.map((item, index) => readStep(json, item, starts[index]!, index)) as [Step, ...Step[]];
}

/** Controls of the whole call that clients without request headers put into their first step. */
export function callControls(json: Json): ReadonlyMap<string, string> {
  const first: unknown = Array.isArray(json.value) ? json.value[0] : json.value;
  const controls = new Map<string, string>();
  if (!isObject(first) || !isObject(first["headers"])) return controls;
  for (const [name, value] of Object.entries(first["headers"])) {
    const control = controlName(name.toLowerCase());
    if (control !== undefined && CALL_WIDE.has(control)) controls.set(control, headerText(value));
  }
  return controls;
}

const CALL_WIDE: ReadonlySet<string> = new Set([
  "authorization",
  "metadata",
  "event-id",
  "collect-log",
  "collect-log-payload",
]);

function readStep(json: Json, item: unknown, start: number, index: number): Step {
  if (!isObject(item)) throw wrong(`Make step ${index} an object with provider, endpoint and query.`);
  const { provider, endpoint, config } = item;
  if (typeof provider !== "string" || provider === "") throw wrong(`Name the provider of step ${index} in "provider".`);
  if (typeof endpoint !== "string") {
    throw wrong(`Name the endpoint of step ${index} in "endpoint", as chat/completions.`);
  }
  if (config !== undefined && !isObject(config)) throw wrong(`Make "config" of step ${index} an object.`);
  const query = membersAt(json.text, start).get("query");
  const cut = endpoint.indexOf("?");
  return {
    provider: provider.toLowerCase(),
    path: (cut < 0 ? endpoint : endpoint.slice(0, cut)).replace(/^\/+/, ""),
    search: cut < 0 ? "" : endpoint.slice(cut),
    config,
    query: query === undefined ? undefined : sliceJson(json, query),
    ...readStepHeaders(item["headers"], index),
  };
}

function readStepHeaders(given: unknown, index: number): Pick<Step, "controls" | "headers"> {
  const controls = new Map<string, string>();
  const headers = new Headers();
  if (given === undefined || given === null) return { controls, headers };
  if (!isObject(given)) throw wrong(`Make "headers" of step ${index} an object of strings.`);
  let length = 0;
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if ((length += lower.length + headerText(value).length) > MAX_HEADERS_LENGTH) {
      throw wrong(`Keep the headers of step ${index} under ${MAX_HEADERS_LENGTH} characters together.`);
    }
    const control = controlName(lower);
    if (control !== undefined) controls.set(control, headerText(value));
    else setHeader(headers, lower, headerText(value), index);
  }
  return { controls, headers };
}

function setHeader(headers: Headers, name: string, value: string, index: number): void {
  try {
    headers.set(name, value);
  } catch {
    throw wrong(`Check the headers of step ${index}: one has a name or value that HTTP doesn't allow.`);
  }
}

/** Of a step's headers, those that its provider may see. */
export function stepHeaders(step: Step, own: readonly string[]): Headers {
  const passed = new Headers();
  step.headers.forEach((value, name) => {
    if (passesOut(name) || own.includes(name)) passed.set(name, value);
  });
  if (!passed.has("content-type")) passed.set("content-type", "application/json");
  return passed;
}

const headerText = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);

const wrong = (message: string) => new GatewayError("invalid_request", message);
