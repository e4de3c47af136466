import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { AUTHORITY, LOCALHOST } from "./authority.ts";
import { askApart, type Told } from "./child.ts";

/** Has a process of its own ask a provider over TLS. */
async function asked(isTrusted: boolean, hosts: readonly string[]): Promise<readonly Told[]> {
  const folder = mkdtempSync(join(tmpdir(), "headgate-trust-"));
  const file = join(folder, "authority.pem");
  writeFileSync(file, AUTHORITY);
  let visits = 0;
  const server = https.createServer({ ...LOCALHOST }, (request, response) => {
    visits++;
    const { remotePort: client, alpnProtocol: protocol } = request.socket as TLSSocket;
    let body = "";
    request.on("data", (bytes) => body += bytes);
    request.on("end", () => response.end(JSON.stringify({ body, client, protocol })));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const trusted = isTrusted ? { NODE_EXTRA_CA_CERTS: file, DENO_CERT: file } : {};
    const told = await askApart(hosts.map((host) => `https://${host}:${port}/`), trusted);
    if (!isTrusted) assert.equal(visits, 0);
    return told;
  } finally {
    server.closeAllConnections?.();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

describe("over TLS", () => {
  test("A provider whose certificate is trusted is asked, over one connection and in HTTP/1.1", async () => {
    const [first, second] = await asked(true, ["localhost", "localhost"]);
    assert.equal(first?.body, "hello", first?.error);
    assert.deepEqual(second, first);
    // Bun's server agrees on it, and doesn't say so.
    if (!("Bun" in globalThis)) assert.equal(first?.protocol, "http/1.1");
  });

  test("A certificate for another host is refused, for an address too", async () => {
    const [told] = await asked(true, ["127.0.0.1"]);
    assert.match(told?.error ?? "", /^No trusted TLS connection to the provider \(/);
  });

  test("A certificate that nobody vouches for is refused, and nothing is said before that", async () => {
    const [told] = await asked(false, ["localhost"]);
    assert.match(told?.error ?? "", /^No trusted TLS connection to the provider \(/);
  });
});
