/**
 * What the documents hold beside prose: blocks of code, links and headings. Pure but for reading the files.
 *
 * @module
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./program.ts";

/** A fenced block of code. */
export interface Block {
  /** From the root of the checkout: `docs/usage.md`. */
  readonly document: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  /** As after the fence: `ts`, `sh`. */
  readonly language: string;
  /** What else stands after the fence. */
  readonly note: string;
  readonly code: string;
}

/** A link to somewhere in the checkout. */
export interface Link {
  readonly line: number;
  /** As written: `fallback.md#settings`. */
  readonly target: string;
}

/** Every document, the README first. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  ...globSync(["*.md", "docs/**/*.md", "examples/*.md", "bench/*.md"], { cwd: ROOT }).sort()
    .filter((path) => path !== "README.md"),
];

/** The lines of a document. */
const lines = (document: string): string[] => readFileSync(join(ROOT, document), "utf8").split("\n");

/** The blocks of a document in their order. */
export function blocks(document: string): Block[] {
  const found: Block[] = [];
  let open: { readonly line: number; readonly info: string; readonly code: string[] } | undefined;
  for (const [index, line] of lines(document).entries()) {
    const info = /^```(.*)$/.exec(line)?.[1];
    if (info === undefined) open?.code.push(line);
    else if (open === undefined) open = { line: index + 2, info, code: [] };
    else {
      const [, language = "", note = ""] = /^(\S*)\s*(.*?)\s*$/.exec(open.info) ?? [];
      found.push({ document, line: open.line, language, note, code: open.code.join("\n") });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${document}:${open.line - 1}: this block never ends.`);
  return found;
}

/** Links that stay within the checkout. */
export function links(document: string): Link[] {
  return prose(document).flatMap((text, index) =>
    [...text.replace(/`[^`]*`/g, "`").matchAll(/\]\(([^()\s]+)\)/g)]
      .map(([, target = ""]) => ({ line: index + 1, target }))
      .filter(({ target }) => !/^[a-z]+:/.test(target))
  );
}

/** The names by which a document's headings are linked to, as GitHub makes them. */
export function anchors(document: string): string[] {
  return prose(document).filter((line) => /^#{1,6} /.test(line)).map((line) =>
    line.replace(/^#+ /, "").trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

/** The lines of a document, empty where they are code. */
function prose(document: string): string[] {
  let isCode = false;
  return lines(document).map((line) => {
    if (!line.startsWith("```")) return isCode ? "" : line;
    isCode = !isCode;
    return "";
  });
}
