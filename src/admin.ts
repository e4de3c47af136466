/**
 * Management of gateway keys over HTTP, an entry point of its own: who needs none bundles none.
 *
 * @module
 */
export { admin, type AdminOptions } from "./admin/admin.ts";
export { type Action, type AdminRoute, ROUTES } from "./admin/routes.ts";
export { type ShownKey } from "./admin/shown.ts";
export { type Check, type Deed, type Doer, type Link, type Row, Trail } from "./admin/trail.ts";
export { kept, type KeptOptions } from "./keys/kept.ts";
export {
  type Change,
  type Entry,
  type Head,
  type KeptKey,
  type Listing,
  type Page,
  type Vault,
  type Written,
} from "./keys/vault.ts";
export { memoryVault, type MemoryVaultOptions } from "./store/vault/memory.ts";
export { upstashVault } from "./store/vault/upstash.ts";
