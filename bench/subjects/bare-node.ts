/** The same pass-through as anybody would write it on Node: `node:http` in front of the global `fetch`. */
import { createServer } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { pass } from "./pass.ts";

createServer(async (req, res) => {
  const body = req.method === "GET" ? null : Readable.toWeb(req);
  const init = { method: req.method, headers: req.headers, body, duplex: "half" } as unknown as RequestInit;
  const answer = await pass(new Request(`http://127.0.0.1${req.url}`, init));
  res.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) res.end();
  else Readable.fromWeb(answer.body as ReadableStream).pipe(res);
}).listen(Number(process.env.PORT), "127.0.0.1");
