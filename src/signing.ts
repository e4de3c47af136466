/**
 * Signing with accounts, an entry point of its own: whoever needs none of it bundles none of it.
 *
 * @example
 * ```ts
 * import { gateway } from "headgate";
 * import { aws, google } from "headgate/signing";
 *
 * export default gateway({ signers: [aws(), google()] });
 * ```
 *
 * @module
 */
export { aws } from "./signing/aws.ts";
export { entra } from "./signing/entra.ts";
export { google } from "./signing/google.ts";
export type { SigningOptions } from "./signing/tokens.ts";
export type { Account, AwsAccount, EntraAccount, GoogleAccount } from "./providers/account.ts";
export type { Order, Payee, Signer } from "./providers/signer.ts";
