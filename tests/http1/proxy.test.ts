import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { askApart } from "./child.ts";

const isDeno = "Deno" in globalThis;
const takesProxies = isDeno || "Bun" in globalThis;

test(
  "A proxy that the environment names is gone through (skipped on Node, whose way out takes no proxy)",
  { skip: !takesProxies },
  async () => {
    const proxy = http.createServer((request, response) => {
      request.resume().on("end", () => response.end(JSON.stringify({ target: request.url })));
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const url = "http://api.provider.example/v1/x";
    try {
      for (const name of ["HTTP_PROXY", "http_proxy"]) {
        for (const permissions of isDeno ? [["-A"], ["--allow-net"]] : [[]]) {
          const [told] = await askApart([url], { [name]: address }, permissions);
          assert.deepEqual(told, { target: url }, `${name} ${permissions}`);
        }
      }
    } finally {
      proxy.closeAllConnections?.();
      proxy.close();
    }
  },
);
