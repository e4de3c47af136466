/**
 * Does what was asked, and says how it went.
 *
 * @module
 */
import type { Ask, Subscription } from "./ask.ts";
import { words } from "./connection.ts";
import { replyJson } from "./json.ts";
import type { Lanes } from "./lanes.ts";
import { Refusal, refusalOf } from "./refusal.ts";
import { type Args, Failure, type Reply } from "./reply.ts";
import type { Scripts } from "./scripts.ts";

/** What is answered by HTTP. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A front's means. */
export interface Means {
  readonly lanes: Lanes;
  readonly scripts: Scripts;
  readonly isBase64: boolean;
}

/**
 * Runs commands.
 *
 * @throws {Refusal} If a command, or a transaction with it, is refused.
 * @throws {Unreachable} If Redis doesn't answer.
 */
export async function perform(ask: Exclude<Ask, Subscription>, means: Means): Promise<Answer> {
  const { isBase64 } = means;
  if (ask.kind === "command") {
    const [reply = null] = await pipeline([ask.args], means);
    return { status: reply instanceof Failure ? 400 : 200, body: replyJson(reply, isBase64) };
  }
  const replies = await (ask.kind === "pipeline" ? pipeline : transaction)(ask.commands, means);
  return { status: 200, body: `[${replies.map((reply) => replyJson(reply, isBase64)).join(",")}]` };
}

/** Sends what isn't refused; each command has its own reply. */
async function pipeline(commands: readonly Args[], { lanes, scripts }: Means): Promise<readonly Reply[]> {
  const refused = commands.map(refusalOf);
  const sent = commands.filter((_, at) => refused[at] === undefined).map((args) => scripts.translate(args));
  const replies = (await lanes.send(sent.map(({ args }) => args))).map((reply, at) => sent[at]?.back(reply) ?? reply);
  let at = 0;
  return refused.map((reason) => reason === undefined ? replies[at++] ?? null : new Failure(reason));
}

/** Sends all or nothing. */
async function transaction(commands: readonly Args[], { lanes, scripts }: Means): Promise<readonly Reply[]> {
  const reason = commands.map(refusalOf).find((found) => found !== undefined);
  if (reason !== undefined) throw new Refusal(400, reason);
  const sent = commands.map((args) => scripts.translate(args));
  const replies = await lanes.transact([words("MULTI"), ...sent.map(({ args }) => args), words("EXEC")]);
  const results = replies.at(-1) ?? null;
  if (Array.isArray(results)) return results.map((reply: Reply, at) => sent[at]?.back(reply) ?? reply);
  throw new Refusal(400, discarded(replies));
}

/** Why a transaction came to nothing: what was wrong with the first command that Redis didn't take. */
function discarded(replies: readonly Reply[]): string {
  const cause = replies.find((reply) => reply instanceof Failure);
  return `EXECABORT Transaction discarded because of: ${cause?.message ?? "no reason that Redis gives"}`;
}
