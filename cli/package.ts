/**
 * Where the package lies: the checkout, or `dist/` within the installed package.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { StartError } from "./launch.ts";

/** The folder with `package.json` in it. */
export function packageRoot(): string {
  const candidates = [new URL("../", import.meta.url), new URL("../../", import.meta.url)];
  const root = candidates.find((url) => existsSync(new URL("package.json", url))) ?? candidates[0];
  return fileURLToPath(root as URL);
}

/** As in `package.json`. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(`${packageRoot()}/package.json`, "utf8")) as { version: string };
  return version;
}

/** A module of this folder, with the ending that it has here: `.ts` in a checkout, `.js` once it is built. */
export function modulePath(name: string): string {
  const ending = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  return fileURLToPath(new URL(`./${name}${ending}`, import.meta.url));
}

/** The error on an npm package that a flag needs and that isn't there. */
export function missing(name: string): StartError {
  return new StartError(`This needs ${name}, which is not installed: run npm install --save-dev ${name}.`);
}
