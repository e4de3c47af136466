/**
 * What is wrong with a config.
 *
 * @module
 */

/** One thing that is wrong; holds no secret. */
export interface ConfigIssue {
  /** As `providers.openai.key`, `auth.keys[0].id`; empty for the whole. */
  readonly path: string;
  /** What is wrong, to be read after the path. */
  readonly message: string;
  /** What to do. */
  readonly suggestion?: string;
}

/** Everything that is wrong with a config. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super(["The config can't be used:", ...issues.map(sentence)].join("\n  "));
    this.issues = issues;
  }
}

/** An issue on one line. */
export function sentence({ path, message, suggestion }: ConfigIssue): string {
  return `${path || "the config"} ${message}${suggestion === undefined ? "" : `; ${suggestion}`}`;
}
