/**
 * What Vercel tells its functions beside the request.
 *
 * @module
 */

interface RequestContext {
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** Keeps the function alive until the work is done; elsewhere than on Vercel the work just runs. */
export function waitUntil(work: Promise<unknown>): void {
  const quiet = work.catch(() => {});
  requestContext()?.waitUntil?.(quiet);
}

function requestContext(): RequestContext | undefined {
  const holder = (globalThis as Record<symbol, unknown>)[Symbol.for("@vercel/request-context")];
  return (holder as { get?: () => RequestContext | undefined } | undefined)?.get?.();
}
