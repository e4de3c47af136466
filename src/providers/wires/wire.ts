/**
 * What Headgate must know of a wire format.
 *
 * @module
 */
import type { Usage } from "../../usage.ts";
import type { WireId } from "../provider.ts";

/**
 * One wire format. The functions are pure and never throw: they see parsed JSON of any shape, a whole answer or one
 * event of a stream, and sometimes only the last members of one that was too long to keep.
 */
export interface Wire {
  readonly id: WireId;
  /** Text without which a document tells no usage, so that most events need no parsing. */
  readonly mark: string;
  /** Whether an answer may come wrapped in an object of one level, as the `response` of a last event. */
  readonly isWrapped?: boolean;
  /** The usage that one document tells. */
  usage(document: unknown): Usage | undefined;
  /** Usage of a stream whose events each tell a part of it; without it the last event that tells any wins. */
  fold?(documents: readonly unknown[]): Usage | undefined;
  /** The model that answered, as the provider names it. */
  model(document: unknown): string | undefined;
  /** US dollars that the provider itself says it charges for the answer. */
  costUsd?(document: unknown): number | undefined;
}

/** What a finished answer told. */
export interface Told {
  readonly usage: Usage | undefined;
  readonly model: string | undefined;
  /** What the provider says it charges, in US dollars; better than any price list where it is there. */
  readonly costUsd: number | undefined;
}
