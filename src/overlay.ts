/**
 * One set of settings laid over another.
 *
 * @module
 */

/** A copy of `base` with what `changes` say: a member that is `undefined` there leaves what was. */
export function overlay<Settings extends object>(
  base: Settings,
  changes: { readonly [Name in keyof Settings]?: Settings[Name] | undefined },
): Settings {
  const result = { ...base };
  for (const name in changes) if (changes[name] !== undefined) result[name] = changes[name];
  return result;
}
