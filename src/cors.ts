/**
 * Browsers may call from anywhere: no cookie is ever read, so what they ask for is echoed.
 *
 * @module
 */

/** Answers a preflight; `undefined` for any other request. */
export function preflight(method: string, headers: Headers): Response | undefined {
  if (method !== "OPTIONS" || !headers.has("access-control-request-method")) return undefined;
  const answer = new Response(null, { status: 204 });
  const set = (name: string, value: string | null) => value !== null && answer.headers.set(name, value);
  set("access-control-allow-origin", headers.get("origin") ?? "*");
  set("access-control-allow-methods", headers.get("access-control-request-method"));
  set("access-control-allow-headers", headers.get("access-control-request-headers"));
  set("access-control-max-age", "86400");
  set("vary", "origin, access-control-request-method, access-control-request-headers");
  return answer;
}

/** Lets the page that asked read the answer and all of its headers. */
export function allowOrigin(answer: Response, origin: string): void {
  const { headers } = answer;
  headers.set("access-control-allow-origin", origin);
  headers.set(
    "access-control-expose-headers",
    [...headers.keys()].filter((name) => !name.startsWith("access-control-")).join(", "),
  );
  headers.append("vary", "origin");
}
