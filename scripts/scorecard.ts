/**
 * Plays the failover scenarios and says what they came to: `node scripts/scorecard.ts`. A whole run with the catalogue's
 * own timings (`--full`) is written into docs/failover.md.
 *
 * `--runtime node,bun` and `--only S07,F3` play some; `--check` writes nothing, and fails on any `fail` and on whatever
 * has become worse than the docs say.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { FULL, perform, type Run, SHORT } from "../tests/failover/run.ts";
import { scenarios } from "../tests/failover/suite.ts";
import { type Runtime, RUNTIMES } from "../tests/runtime/harness.ts";
import { scorecard } from "./scorecard/document.ts";
import { printed, sums } from "./scorecard/print.ts";
import { recorded, setbacks } from "./scorecard/record.ts";

const DOCS = new URL("../docs/failover.md", import.meta.url);

/** Runtimes that are tried at the same time: scenarios wait more than they work. */
const AT_ONCE = 2;

const { values } = parseArgs({
  options: {
    runtime: { type: "string" },
    only: { type: "string" },
    full: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
  },
});
const chosen = scenarios.filter(({ id }) => values.only?.split(",").some((start) => id.startsWith(start)) ?? true);
const runtimes = choose(values.runtime?.split(",") ?? RUNTIMES);
const runs = await playAll();
for (const line of printed(chosen, runs)) console.log(line);
const document = await readFile(DOCS, "utf8");
if (values.check) check();
else if (values.full && chosen.length === scenarios.length && runtimes.length === RUNTIMES.length) {
  await writeFile(DOCS, scorecard(document, chosen, runs));
  console.log("Written into docs/failover.md.");
}

function choose(names: readonly string[]): readonly Runtime[] {
  const unknown = names.find((name) => !(RUNTIMES as readonly string[]).includes(name));
  if (unknown === undefined) return RUNTIMES.filter((name) => names.includes(name));
  console.error(`There is no runtime "${unknown}": choose among ${RUNTIMES.join(", ")}.`);
  process.exit(2);
}

async function playAll(): Promise<readonly Run[]> {
  const queue = [...runtimes];
  const found: Run[] = [];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      found.push(await perform(next, chosen, values.full ? FULL : SHORT));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return runtimes.flatMap((runtime) => found.find((run) => run.runtime === runtime) ?? []);
}

/** Any `fail` is one too many, nothing may be worse than what the docs say, and no setting may be without effect. */
function check(): void {
  const scores = runs.flatMap((run) => run.scores);
  const dropped = (runs[0]?.dropped ?? []).map((path) => `The gateway doesn't know ${path}, so nothing tests it.`);
  const wrong = [...dropped, ...setbacks(scores, recorded(document))];
  if (wrong.length === 0) return console.log(`${sums(scores.map(({ verdict }) => verdict))}, none worse than before.`);
  for (const line of wrong) console.error(line);
  process.exitCode = 1;
}
