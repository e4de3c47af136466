/**
 * Who signs with the accounts of a config: the command line knows every kind.
 *
 * @module
 */
import type { Signer } from "../src/providers/signer.ts";
import { aws, entra, google } from "../src/signing.ts";

/** Every signer. */
export const signers: readonly Signer[] = [aws(), google(), entra()];
