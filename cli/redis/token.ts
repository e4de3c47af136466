/**
 * The token that lets callers in.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { StartError } from "../launch.ts";
import { isLoopback } from "../listening.ts";

/** Shorter ones can be guessed by whoever reaches the front from elsewhere. */
const MIN_LENGTH = 16;

/** A token that nobody guesses. */
export const randomToken = (): string => randomBytes(32).toString("hex");

/**
 * Refuses a token that is too weak for where the front listens. Even on loopback there is one: any web page may send
 * requests there.
 *
 * @throws {StartError} If it is.
 */
export function mustBeStrong(token: string, hostname: string): void {
  if (token === "") throw new StartError("--token is empty: give one, or leave it out for a random one.");
  if (isLoopback(hostname) || token.length >= MIN_LENGTH) return;
  throw new StartError(
    `On ${hostname} others can try tokens: give --token ${MIN_LENGTH} characters or more, or leave it out for a random one.`,
  );
}

/** Compares with the token in a time that tells nothing of it. */
export function doorkeeper(token: string): (offered: string | undefined) => boolean {
  const expected = hash(token);
  return (offered) => timingSafeEqual(hash(offered ?? ""), expected) && offered !== undefined;
}

const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
