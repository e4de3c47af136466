/**
 * Stops a stream, with a proper end, when what was taken for it is used up and no more can be had.
 *
 * @module
 */
import { wholeBody } from "../answer.ts";
import { joined } from "../bytes.ts";
import type { Target } from "../call.ts";
import { type Source, through } from "../flow.ts";
import { type Closer, closer } from "../providers/wires/closing.ts";
import { wireOf } from "../providers/wires/table.ts";
import { EventCount } from "./events.ts";
import type { Purse } from "./purse.ts";

/** More is asked for when so much of what is paid for has come, so that no stream has to wait for it. */
const EARLY = 0.8;

/** Lets a stream run while it is paid for; the same answer where its format can't be ended from outside. */
export function stoppable(answer: Response, target: Target, purse: Purse): Response {
  const wire = wireOf(target.provider, target.path);
  if (wire === undefined || purse.isEmpty || !answer.ok || wholeBody(answer) !== undefined) return answer;
  const end = closer(wire.id);
  if (end === undefined || answer.body === null) return answer;
  return through(answer, (source) => paid(source, end, purse));
}

function paid(source: Source, end: Closer, purse: Purse): Source {
  const count = new EventCount();
  let asked: Promise<boolean> | undefined;
  let isOver = false;
  return {
    async read() {
      if (isOver) return undefined;
      const bytes = await source.read();
      if (bytes === undefined) {
        isOver = true;
        const rest = end.rest();
        return rest.byteLength > 0 ? rest : undefined;
      }
      const passed = end.pass(bytes);
      count.add(passed);
      if (count.tokens >= purse.tokens * EARLY) {
        asked ??= purse.more().finally(() => asked = undefined);
        if (count.tokens >= purse.tokens && !await asked) {
          isOver = true;
          purse.stopped();
          source.cancel(new Error("The budget is spent.")).catch(() => {});
          return joined([passed, end.end()]);
        }
      }
      // Nothing whole has come yet: the next bytes are waited for.
      return passed.byteLength > 0 ? passed : await this.read();
    },
    cancel: (reason) => source.cancel(reason),
  };
}
