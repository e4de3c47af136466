/**
 * Where a proxy is named.
 *
 * @module
 */

/** Environment variables that the `fetch` of a runtime heeds. */
export const PROXY_VARIABLES: readonly string[] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].flatMap((
  name,
) => [name, name.toLowerCase()]);
