/**
 * What every model at the wall says when it is well, so that a test can tell the whole of it from a part.
 *
 * @module
 */

/** Sixty words. One has a letter of two bytes, so that text which is cut in the wrong place shows it. */
export const ANSWER =
  "Failover is a promise: when one provider falls silent, stops within a sentence or speaks nonsense, another takes " +
  "its place, and no naïve caller is told a half truth. Whoever reads these words to their end has had all sixty, " +
  "each once, in order; whoever has not must be told so plainly, by an honest error that nobody can overlook.";

/** What another model says to the same question: it begins alike and goes on differently. */
export const OTHER_ANSWER = ANSWER.replace("one provider falls", "some provider falls");

/** The words of a text as tokens: put together they are the text. */
export function tokensOf(text: string): readonly string[] {
  return text.split(/(?= )/);
}

/** Tokens of {@link ANSWER}. */
export const TOKENS: readonly string[] = tokensOf(ANSWER);

/** Tokens that the wall counts for any prompt. */
export const INPUT_TOKENS = 21;

/** What every tool is called with. */
export const TOOL_CALL = { name: "weather", arguments: '{"city":"Bath"}' } as const;
