/**
 * Plan: where a call may go, best first.
 *
 * @module
 */
import type { Body, Call, Planned, Target } from "../call.ts";
import { GatewayError } from "../errors.ts";
import { type Json, memberOf, patchJson } from "../json.ts";
import type { Middleware } from "../middleware.ts";
import { ringOf } from "../providers/keys.ts";
import { isModel, modelOf } from "../providers/model.ts";
import type { Provider } from "../providers/provider.ts";
import type { Registry } from "../providers/registry.ts";
import { resolveTarget } from "../providers/target.ts";
import { deadlineOf } from "../routing/deadline.ts";
import { DEFAULT_POLICY, type Policy, withConfig, withControls } from "../routing/policy.ts";
import { type Operation, operationOf, type Route, wordsOf } from "../routing/route.ts";
import { readSteps, type Step, stepHeaders } from "../routing/universal.ts";
import { bringsCredential, credentialHeaders } from "./credentials.ts";

/** Options of {@link plan}. */
export interface PlanOptions {
  readonly providers: Registry;
  /** What the gateway itself says; requests and steps are laid over it. */
  readonly policy?: Policy;
}

/** Turns the route into targets whose upstream URLs are checked. Nothing is sent yet: a bad request ends here. */
export function plan({ providers, policy = DEFAULT_POLICY }: PlanOptions): Middleware<unknown, Planned> {
  return (call, next) => {
    const own = withControls(policy, call.heard.controls);
    const targets = planned(call, providers, own);
    for (const target of targets) {
      if (target.policy.keyAlias !== undefined && !bringsCredential(call, target)) ringOf(target);
    }
    call.note({ type: "planned", policy: targets[0].policy });
    return next({ ...call, targets, deadlineAt: deadlineOf(call, own) });
  };
}

function planned(call: Call, providers: Registry, policy: Policy): Planned["targets"] {
  const { route } = call;
  switch (route.kind) {
    case "native":
      return [native(call, route, found(providers, route.provider), policy)];
    case "compat":
      return [compat(call, route.operation, jsonOf(call.body), providers, policy)];
    case "universal":
      return universal(call, jsonOf(call.body), providers, policy);
    default:
      throw new GatewayError(
        "unknown_path",
        "Call a provider, the universal endpoint or /compat: this path is none of them.",
      );
  }
}

type Native = Extract<Route, { kind: "native" }>;

function native(call: Call, { path, account }: Native, provider: Provider, policy: Policy): Target {
  const url = resolveTarget(provider, { path, search: call.url.search, account, headers: call.headers });
  return {
    step: 0,
    provider,
    url,
    path,
    model: modelOf(path, url.pathname, call.body),
    headers: undefined,
    ownsCredentials: true,
    body: call.body,
    policy,
  };
}

/** `provider/model` goes to the vendor's own OpenAI-compatible endpoint, with the prefix taken out of the model's span. */
function compat(call: Call, operation: Operation, json: Json, providers: Registry, policy: Policy): Target {
  const { provider, model } = unifiedModel(json, providers);
  const path = provider.compat?.[operation];
  if (path === undefined) {
    throw new GatewayError(
      "unsupported_endpoint",
      `Call "${provider.id}" by its own path: it has no OpenAI-compatible endpoint here.`,
    );
  }
  const body: Body = {
    kind: "json",
    json: patchJson(json, [{ ...json.members.get("model")!, text: JSON.stringify(model) }]),
  };
  const { account } = call.route;
  return {
    step: 0,
    provider,
    url: resolveTarget(provider, { path, search: "", account, headers: NO_HEADERS }),
    path,
    model,
    headers: undefined,
    ownsCredentials: true,
    body,
    policy,
  };
}

const NO_HEADERS = new Headers();

function unifiedModel(json: Json, providers: Registry): { provider: Provider; model: string } {
  const named = memberOf(json, "model");
  const cut = typeof named === "string" ? named.indexOf("/") : -1;
  if (typeof named !== "string" || cut <= 0 || cut === named.length - 1 || !isModel(named)) {
    throw new GatewayError("invalid_model", 'Name the model as "provider/model", as "openai/gpt-5-mini".');
  }
  const slug = named.slice(0, cut).toLowerCase();
  const provider = providers.find(slug);
  if (provider === undefined) throw unknownProvider(providers, slug, "invalid_model");
  return { provider, model: named.slice(cut + 1) };
}

function universal(call: Call, json: Json, providers: Registry, policy: Policy): Planned["targets"] {
  return readSteps(json).map((step, index) => ({
    ...stepTarget(call, step, providers, policy),
    step: index,
  })) as unknown as Planned["targets"];
}

function stepTarget(call: Call, step: Step, providers: Registry, request: Policy): Target {
  const policy = withConfig(withControls(request, step.controls), step.config);
  const unified = step.provider === "compat" ? compatStep(call, step, providers, policy) : undefined;
  const provider = unified?.provider ?? found(providers, step.provider);
  const own = [...credentialHeaders(provider.auth), ...(provider.requestHeaders ?? [])];
  const headers = stepHeaders(step, own);
  if (unified !== undefined) return { ...unified, headers, ownsCredentials: false };
  const { path, search, query } = step;
  const body: Body = query === undefined ? { kind: "none" } : { kind: "json", json: query };
  const url = resolveTarget(provider, { path, search, account: call.route.account, headers: step.headers });
  const model = modelOf(path, url.pathname, body);
  return { step: 0, provider, url, path, model, headers, ownsCredentials: false, body, policy };
}

/** Cloudflare's pseudo-provider: a unified call as a step. */
function compatStep(call: Call, { path, query }: Step, providers: Registry, policy: Policy): Target {
  const operation = operationOf(wordsOf(path));
  if (operation === undefined || operation === "models" || query === undefined) {
    throw new GatewayError(
      "invalid_request",
      'Give a "compat" step the endpoint chat/completions or embeddings, and a query.',
    );
  }
  return compat(call, operation, query, providers, policy);
}

function jsonOf(body: Body): Json {
  if (body.kind === "json" && /^\s*[[{]/.test(body.json.text)) return body.json;
  throw new GatewayError("invalid_json", "Send a JSON object as the body.");
}

function found(providers: Registry, slug: string): Provider {
  const provider = providers.find(slug);
  if (provider === undefined) throw unknownProvider(providers, slug, "unknown_provider");
  return provider;
}

function unknownProvider(providers: Registry, slug: string, code: "unknown_provider" | "invalid_model"): GatewayError {
  const nearest = providers.nearest(slug);
  const shown = slug.replace(/[^a-z0-9._-]/g, "").slice(0, 40);
  const hint = slug.startsWith("custom-") ? "configure it under providers" : `did you mean "${nearest}"?`;
  return new GatewayError(code, `Name a known provider: "${shown}" isn't one; ${hint}`);
}
