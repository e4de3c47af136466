/**
 * What the public failover catalogue has published of others.
 *
 * @module
 */
import type { Verdict } from "./scenario.ts";

/** Where the scores of others come from. */
export const SOURCE = {
  name: "Failover Bench",
  url: "https://github.com/failoverbench/failoverbench/blob/main/results/full/SCORECARD.md",
  date: "12 September 2026",
  licence: "CC BY 4.0",
  budget:
    "up to two retries, 30 s and, where it can have one, a fallback; Headgate with one retry, the times above and a fallback",
} as const;

/** One system as published. */
export interface Peer {
  readonly name: string;
  /** Verdicts of S01 to S16 by their first letters; `P` is pass, `p` partial. */
  readonly verdicts: string;
}

/** Systems of the published scorecard: gateways, a library, a harness, and the catalogue's own reference. */
export const PEERS: readonly Peer[] = [
  { name: "Portkey OSS", verdicts: "PPPPPPpffPPPpfPP" },
  { name: "Bifrost 2.1.1", verdicts: "pPPPPfpssPPPpsPP" },
  { name: "LiteLLM proxy", verdicts: "PPPPPppsssPPpsPP" },
  { name: "LangChain with_fallbacks", verdicts: "PPPPPppsssPPpsPP" },
  { name: "DeepSeek Harness", verdicts: "pPpPPPpPPsPPPPPP" },
  { name: "openai-python alone", verdicts: "PsPsPsPsssPsPsss" },
  { name: "Reference client", verdicts: "PPPPPPPPPPPPPPPP" },
];

const LETTERS: Readonly<Record<string, Verdict>> = { P: "pass", p: "partial", s: "safe", f: "fail" };

/** A peer's verdicts in the order of the catalogue. */
export function verdictsOf({ verdicts }: Peer): readonly Verdict[] {
  return [...verdicts].map((letter) => LETTERS[letter] ?? "fail");
}
