/** Asks the URLs that it is given, one after the other, and prints what comes of each as a line of JSON. */
import process from "node:process";
import { socketTransport } from "./runtime.ts";

const transport = socketTransport();
const { signal } = new AbortController();

async function ask(url: string): Promise<string> {
  const body = new TextEncoder().encode("hello");
  const inbound = await transport({ url: new URL(url), method: "POST", headers: [], body, signal });
  return new TextDecoder().decode(await inbound.arrayBuffer());
}

for (const url of process.argv.slice(2)) {
  console.log(await ask(url).catch((error) => JSON.stringify({ error: error.message, code: error.code })));
}
