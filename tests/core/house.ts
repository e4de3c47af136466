/** A gateway whose way out is a script: for what can be told without a socket. */
import { type Gateway, gateway, type LogRecord, memoryJournal, type Options } from "../../mod.ts";
import type { Inbound, Outbound, Platform } from "../../src/call.ts";

export type Script = (outbound: Outbound, count: number) => Response | Promise<Response>;

export interface House {
  readonly gw: Gateway;
  readonly sent: Outbound[];
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Records of all calls so far, oldest first, once everything is settled. */
  records(): Promise<readonly LogRecord[]>;
}

export const chat = (model: string, extra: Record<string, unknown> = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json", authorization: "Bearer sk-client" },
  body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }], ...extra }),
});

export const completion = (model = "gpt-x") =>
  Response.json({
    id: "chatcmpl-1",
    object: "chat.completion",
    model,
    choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 7, completion_tokens: 11, total_tokens: 18 },
  });

export function house(script: Script, options: Options = {}): House {
  const journal = memoryJournal();
  const gw = gateway({ journal, ...options });
  const sent: Outbound[] = [];
  const work: Promise<unknown>[] = [];
  const platform: Platform = {
    runtime: "script",
    after: (promise) => void work.push(promise),
    clientAddress: () => undefined,
    transport: async (outbound) => {
      sent.push(outbound);
      return await script(outbound, sent.length) as Inbound;
    },
  };
  return {
    gw,
    sent,
    ask: (path, init) => gw.handle(new Request(`http://gw.test${path}`, init), platform),
    records: async () => {
      while (work.length > 0) await work.shift();
      return [...journal.list()].reverse();
    },
  };
}
