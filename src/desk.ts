/**
 * The desk: what the gateway answers itself, without a provider.
 *
 * @module
 */
import type { IRequest } from "itty-router";
import { IttyRouter } from "itty-router/IttyRouter";
import { jsonAnswer } from "./answer.ts";
import type { Call, Platform } from "./call.ts";
import { GatewayError } from "./errors.ts";
import type { Handler } from "./middleware.ts";
import type { Guard } from "./store/guard.ts";

/** Answers `/healthz`, `/readyz` and probes; any other path with the nearest one that is known. */
export function desk(basePath: string = "", store: Guard): Handler {
  const router = IttyRouter<IRequest, [Call]>({ base: basePath })
    .get("/healthz", (_, { platform }) => jsonAnswer(JSON.stringify({ status: "ok", runtime: platform.runtime }), 200))
    .get("/readyz", (_, { platform }) => readiness(store, platform))
    .all("*", (_, { route }) => {
      if (route.kind === "probe") return jsonAnswer(JSON.stringify({ status: "ok", gateway: route.gateway }), 200);
      throw unknownPath(route.kind === "unknown" ? route.nearest : "/v1/{account}/{gateway}");
    });
  return async ({ method, url, ...rest }) => {
    const asked = { method: method === "HEAD" ? "GET" : method, url: url.href };
    const answer: Response = await router.fetch(asked, { method, url, ...rest });
    return method === "HEAD" ? new Response(null, { status: answer.status, headers: answer.headers }) : answer;
  };
}

/** Without its store a gateway still serves what its rules allow: it isn't taken out of service for that. */
async function readiness({ store, check }: Guard, { after }: Platform): Promise<Response> {
  return jsonAnswer(JSON.stringify({ status: await check(after) ? "ready" : "degraded", store: store.kind }), 200);
}

const unknownPath = (nearest: string) =>
  new GatewayError("unknown_path", `Check the path: nothing is served there; the nearest known one is ${nearest}.`);
