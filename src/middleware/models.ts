/**
 * Models: `GET /compat/models`, answered without a provider.
 *
 * @module
 */
import { jsonAnswer } from "../answer.ts";
import type { Identified, Tagged } from "../call.ts";
import type { Middleware } from "../middleware.ts";
import type { Registry } from "../providers/registry.ts";
import { mayUse, type PolicyConfig } from "../routing/access.ts";

/** Answers lists of models, each with what its caller may use; any other call goes on. */
export function models(
  { models }: Pick<Registry, "models">,
  rules: readonly PolicyConfig[] = [],
): Middleware<Partial<Identified & Tagged>> {
  return (call, next) => {
    if (call.route.kind !== "compat" || call.route.operation !== "models") return next(call);
    const shown = models.filter((id) => mayUse(call, id, rules));
    return Promise.resolve(jsonAnswer(
      JSON.stringify(call.headers.has("anthropic-version") ? anthropicList(shown) : openaiList(shown)),
      200,
    ));
  };
}

function openaiList(models: readonly string[]): unknown {
  const data = models.map((id) => ({ id, object: "model", created: 0, owned_by: id.slice(0, id.indexOf("/")) }));
  return { object: "list", data };
}

function anthropicList(models: readonly string[]): unknown {
  const data = models.map((id) => ({ type: "model", id, display_name: id, created_at: "1970-01-01T00:00:00Z" }));
  return { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null };
}
