/**
 * A certificate for localhost, made when the gateway starts and gone when it ends.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Certificate } from "./launch.ts";
import { missing } from "./package.ts";

const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Makes an authority, lets it vouch for this machine's names, and forgets its key: nobody can make another
 * certificate that is trusted with it. Its own certificate is written to a file for clients.
 *
 * @throws {StartError} If `selfsigned` isn't installed.
 */
export async function certificateFor(hostname: string): Promise<Certificate> {
  const { generate } = await import("selfsigned").catch(() => {
    throw missing("selfsigned");
  });
  const usual = { keyType: "ec", algorithm: "sha256", notAfterDate: new Date(Date.now() + LIFETIME_MS) } as const;
  const authority = await generate([{ name: "commonName", value: "Headgate for this machine" }], {
    ...usual,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
  });
  const own = await generate([{ name: "commonName", value: "localhost" }], {
    ...usual,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: names(hostname) },
    ],
  });
  return { cert: own.cert, key: own.private, caPath: written(authority.cert) };
}

/** As X.509 has them: 2 is a DNS name, 7 an address. */
function names(hostname: string): ({ type: 2; value: string } | { type: 7; ip: string })[] {
  const all = new Set(["localhost", "127.0.0.1", "::1", hostname.replace(/^\[|\]$/g, "")]);
  return [...all].map((name) => isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name });
}

/** In a folder of its own, whose name nobody can take first. */
function written(certificate: string): string {
  const folder = mkdtempSync(join(tmpdir(), "headgate-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "ca.pem");
  writeFileSync(path, certificate);
  return path;
}
