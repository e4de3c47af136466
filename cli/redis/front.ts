/**
 * A small REST front before a Redis: the part of Upstash's protocol that its client libraries speak.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseRedisUrl, type RedisAddress } from "./address.ts";
import { type Address, askOf, parseAddress, subscriptionOf } from "./ask.ts";
import { Connection, Unreachable } from "./connection.ts";
import { errorJson } from "./json.ts";
import { Lanes } from "./lanes.ts";
import { type Answer, perform } from "./perform.ts";
import { Refusal } from "./refusal.ts";
import { Scripts } from "./scripts.ts";
import { subscribe } from "./subscriber.ts";
import { doorkeeper, mustBeStrong, randomToken } from "./token.ts";

/** What a front is started with. */
export interface FrontOptions {
  /** `redis://`, `rediss://` or `unix://`. */
  readonly redis: string;
  /** A random one if absent. */
  readonly token?: string | undefined;
  /** Any free one if absent. */
  readonly port?: number | undefined;
  /** 127.0.0.1 if absent. */
  readonly hostname?: string | undefined;
  /** How long Redis may be silent while it owes a reply; 10 s if absent. */
  readonly replyTimeoutMs?: number | undefined;
}

/** A front that listens. */
export interface Front {
  readonly url: string;
  readonly token: string;
  /** HTTP requests so far. */
  readonly requests: number;
  /** Commands that were asked for so far; MULTI and EXEC are the front's own. */
  readonly commands: number;
  /** Lets running requests finish for a moment, then ends everything. */
  stop(): Promise<void>;
}

const MAX_BODY = 10 * 1024 * 1024;
const METHODS = ["GET", "HEAD", "POST", "PUT"];
const STOP_MS = 2_000;
/** Longer than any runtime's `fetch` keeps a connection that is idle: who closes first must not be we, just when a request is on its way. */
const IDLE_MS = 360_000;

/**
 * Starts a front. Redis need not be there: it is connected to when the first request comes.
 *
 * @throws {StartError} If the address of Redis or the token won't do.
 */
export async function serveFront(options: FrontOptions): Promise<Front> {
  const { redis, token = randomToken(), port = 0, hostname = "127.0.0.1", replyTimeoutMs = 10_000 } = options;
  mustBeStrong(token, hostname);
  const desk = new Desk(parseRedisUrl(redis), token, replyTimeoutMs);
  const server = createServer(
    { keepAlive: true, keepAliveInitialDelay: 30_000, keepAliveTimeout: IDLE_MS },
    (request, response) => {
      void desk.serve(request, response);
    },
  );
  await listening(server, port, hostname);
  const name = hostname.includes(":") ? `[${hostname.replace(/^\[|\]$/g, "")}]` : hostname;
  return {
    url: `http://${name}:${(server.address() as AddressInfo).port}`,
    token,
    get requests() {
      return desk.requests;
    },
    get commands() {
      return desk.commands;
    },
    async stop() {
      await closed(server, () => desk.endStreams());
      desk.close();
    },
  };
}

/** Takes requests, and knows how many there were. */
class Desk {
  requests = 0;
  commands = 0;
  readonly #address: RedisAddress;
  readonly #isRight: (offered: string | undefined) => boolean;
  readonly #timeoutMs: number;
  readonly #lanes: Lanes;
  readonly #scripts = new Scripts();
  readonly #streams = new Set<ServerResponse>();
  /** One Redis has one order of things, so every token of that kind is as good as another. */
  readonly #syncToken = randomUUID();

  constructor(address: RedisAddress, token: string, timeoutMs: number) {
    this.#address = address;
    this.#isRight = doorkeeper(token);
    this.#timeoutMs = timeoutMs;
    this.#lanes = new Lanes(address, timeoutMs);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    response.on("error", () => {});
    try {
      const address = parseAddress(request.url ?? "/");
      this.#admit(request, address);
      const subscription = subscriptionOf(address);
      if (subscription !== undefined) {
        request.resume();
        return this.#stream(await Connection.open(this.#address, this.#timeoutMs), subscription.args, response);
      }
      this.#answer(response, await this.#perform(request, address));
    } catch (error) {
      this.#answer(response, refused(error));
    }
  }

  close(): void {
    this.#lanes.close();
  }

  endStreams(): void {
    for (const response of this.#streams) response.end();
  }

  #admit({ method = "", headers }: IncomingMessage, { token }: Address): void {
    const bearer = /^bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1];
    if (!this.#isRight(bearer ?? token)) throw new Refusal(401, "WRONGPASS invalid or missing auth token");
    if (!METHODS.includes(method)) throw new Refusal(405, `ERR ${method} is not served: use GET or POST.`);
    if ((headers["upstash-response-format"] ?? "json") !== "json") {
      throw new Refusal(400, "ERR Answers are JSON alone: leave out Upstash-Response-Format.");
    }
  }

  async #perform(request: IncomingMessage, address: Address): Promise<Answer> {
    const ask = askOf(address, await bodyOf(request));
    this.commands += ask.kind === "pipeline" || ask.kind === "transaction" ? ask.commands.length : 1;
    if (ask.kind === "subscription") throw new Refusal(400, "ERR Use POST /subscribe/CHANNEL.");
    const isBase64 = request.headers["upstash-encoding"] === "base64";
    return await perform(ask, { lanes: this.#lanes, scripts: this.#scripts, isBase64 });
  }

  #stream(connection: Connection, args: readonly Buffer[], response: ServerResponse): void {
    if (response.destroyed) return connection.close();
    this.commands++;
    this.#streams.add(response);
    response.once("close", () => this.#streams.delete(response));
    response.setHeader("upstash-sync-token", this.#syncToken);
    subscribe(args, connection, response, (error) => this.#answer(response, refused(error)));
  }

  #answer(response: ServerResponse, { status, body }: Answer): void {
    if (response.destroyed || response.headersSent) return;
    // Whoever sends too much is not listened to any longer.
    if (status === 413) response.setHeader("connection", "close");
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "upstash-sync-token": this.#syncToken,
    });
    response.end(body);
  }
}

/** What is answered where something failed; what is nobody's business stays here. */
function refused(error: unknown): Answer {
  if (error instanceof Refusal) return { status: error.status, body: errorJson(error.message) };
  if (error instanceof Unreachable) return { status: 503, body: errorJson(`ERR ${error.message}`) };
  return { status: 500, body: errorJson("ERR The front has failed: report what you sent.") };
}

/** @throws {Refusal} If it is too large. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = new Refusal(413, "ERR max request size exceeded: send at most 10 MB, in several requests.");
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function listening(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname.replace(/^\[|\]$/g, ""), () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function closed(server: Server, endStreams: () => void): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  endStreams();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), STOP_MS);
  await done;
  clearTimeout(timer);
}
