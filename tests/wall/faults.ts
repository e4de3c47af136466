/**
 * Every fault of the wall, by name. A number at the end of a name is the fault's own: `cut-10` cuts after ten tokens.
 *
 * @module
 */
import { refusing } from "./faults/refusing.ts";
import { silent } from "./faults/silent.ts";
import { strange } from "./faults/strange.ts";
import { torn } from "./faults/torn.ts";
import { answer, type Fault, refuse } from "./scene.ts";

const FAULTS: Readonly<Record<string, Fault>> = {
  "ok": answer,
  /** Says something else than the others. */
  "other-words": answer,
  ...refusing,
  ...silent,
  ...torn,
  ...strange,
};

/** Names of all faults. */
export const FAULT_NAMES: readonly string[] = Object.keys(FAULTS);

/** The fault of a name, and its number; what isn't known is refused with 404. */
export function faultOf(name: string): { readonly fault: Fault; readonly count: number | undefined } {
  const known = FAULTS[name];
  if (known !== undefined) return { fault: known, count: undefined };
  const [, stem = "", number] = /^(.*)-(\d+)$/.exec(name) ?? [];
  return { fault: FAULTS[stem] ?? ((scene) => refuse(scene, "missing")), count: Number(number) };
}
