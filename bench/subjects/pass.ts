/** The ten lines that a gateway is measured against: everything passes, nothing is looked at. */
declare const UPSTREAM: string;

export async function pass(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const name of ["host", "connection", "content-length"]) headers.delete(name);
  const init = { method: request.method, headers, body: request.body, duplex: "half", redirect: "manual" };
  const answer = await fetch(UPSTREAM + pathname + search, init as RequestInit);
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}
