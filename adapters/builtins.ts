/**
 * Node's modules on runtimes that have them as well. They are loaded when they are first needed, which they rarely are:
 * on Deno that takes longer than everything else at the start.
 *
 * @module
 */
import type { Modules } from "./node/undo.ts";

/** What undoing an encoding takes; `undefined` where the runtime has no such modules. */
export function builtins(): Modules | undefined {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } };
  const stream = process?.getBuiltinModule?.("node:stream");
  const zlib = process?.getBuiltinModule?.("node:zlib");
  return stream && zlib ? { stream, zlib } as Modules : undefined;
}
