/**
 * Scripts that were written for Upstash's own Redis. One flag in their first line, `allow-key-locking`, is known there
 * alone and any other Redis refuses the script for it. It is taken out, and whoever names the script by its hash goes on
 * using the hash of what they wrote.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { nameOf } from "./refusal.ts";
import type { Args, Reply } from "./reply.ts";

const FOREIGN_FLAG = "allow-key-locking";

/** Hashes that are remembered; a forgotten one is answered with NOSCRIPT, and the client sends the script again. */
const MAX_KNOWN = 10_000;

/** A command as Redis gets it, and its reply as the client does. */
export interface Translated {
  readonly args: Args;
  readonly back: (reply: Reply) => Reply;
}

const same = (reply: Reply): Reply => reply;

/** Takes the flag out of a script's first line, and the line's text if nothing else is in it; lines keep their numbers. */
export function withoutForeignFlag(script: string): string {
  const [line = ""] = /^#!lua\b[^\n]*/.exec(script) ?? [];
  const words = line.trimEnd().split(/\s+/);
  const kept = words.map((word) => {
    if (!word.startsWith("flags=")) return word;
    const flags = word.slice("flags=".length).split(",").filter((flag) => flag !== FOREIGN_FLAG);
    return flags.length === 0 ? "" : `flags=${flags.join(",")}`;
  }).filter((word) => word !== "");
  if (kept.join(" ") === words.join(" ")) return script;
  return (kept.length === 1 ? "" : kept.join(" ")) + script.slice(line.length);
}

/** Remembers which script became which. */
export class Scripts {
  readonly #known = new Map<string, string>();

  /** Translates the commands that carry or name a script; all others stay as they are. */
  translate(args: Args): Translated {
    switch (nameOf(args)) {
      case "EVAL":
      case "EVAL_RO":
        return { args: this.#rewritten(args, 1), back: same };
      case "EVALSHA":
      case "EVALSHA_RO":
        return { args: args.map((arg, at) => at === 1 ? this.#hash(arg) : arg), back: same };
      case "SCRIPT":
        return this.#script(args);
      default:
        return { args, back: same };
    }
  }

  #script(args: Args): Translated {
    const subcommand = args[1]?.toString("latin1").toUpperCase();
    if (subcommand === "EXISTS") return { args: args.map((arg, at) => at > 1 ? this.#hash(arg) : arg), back: same };
    const script = args[2];
    if (subcommand !== "LOAD" || script === undefined) return { args, back: same };
    const rewritten = this.#rewritten(args, 2);
    if (rewritten === args) return { args, back: same };
    return { args: rewritten, back: (reply) => reply instanceof Buffer ? Buffer.from(sha1(script)) : reply };
  }

  #rewritten(args: Args, at: number): Args {
    const script = args[at];
    // By far most scripts are left alone without being decoded.
    if (script === undefined || !script.subarray(0, 5).equals(SHEBANG)) return args;
    const text = script.toString("latin1");
    const plain = withoutForeignFlag(text);
    if (plain === text) return args;
    const bytes = Buffer.from(plain, "latin1");
    this.#remember(sha1(script), sha1(bytes));
    return args.map((arg, index) => index === at ? bytes : arg);
  }

  #remember(original: string, rewritten: string): void {
    this.#known.delete(original);
    this.#known.set(original, rewritten);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }

  #hash(hash: Buffer): Buffer {
    const rewritten = this.#known.get(hash.toString("latin1").toLowerCase());
    return rewritten === undefined ? hash : Buffer.from(rewritten);
  }
}

const SHEBANG = Buffer.from("#!lua");

const sha1 = (bytes: Buffer): string => createHash("sha1").update(bytes).digest("hex");
