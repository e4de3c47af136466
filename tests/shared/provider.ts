/**
 * A provider that counts: it keeps when each call came and what it told of it, and answers as the test says.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Tokens, as the provider tells them. */
export interface Told {
  readonly input: number;
  readonly output: number;
}

/** One call as it reached the provider. */
export class Visit {
  /** When its head had come, on the monotonic clock. */
  readonly at: number;
  /** The credential that it came with. */
  readonly credential: string;
  readonly text: string;
  readonly body: Asked;
  /** What it was told that it used; nothing where it was told nothing. */
  told: Told | undefined;
  /** Whether the gateway has hung up before the end. */
  isLeft = false;
  readonly #response: ServerResponse;

  constructor(at: number, credential: string, text: string, response: ServerResponse) {
    this.at = at;
    this.credential = credential;
    this.text = text;
    this.body = JSON.parse(text) as Asked;
    this.#response = response;
    response.on("error", () => {});
    response.on("close", () => this.isLeft = !response.writableFinished);
  }

  get isStream(): boolean {
    return this.body.stream === true;
  }

  /** Tokens of output that may be given at most. */
  get cap(): number | undefined {
    return this.body.max_completion_tokens ?? this.body.max_tokens;
  }

  /** Answers a plain call, whole. */
  reply(text: string, told: Told): void {
    this.told = told;
    const message = { role: "assistant", content: text };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    this.#send(200, { id: "r", object: "chat.completion", model: "m", choices, usage: usage(told) });
  }

  /** Refuses it. */
  refuse(status: number): void {
    this.#send(status, { error: { message: "No.", type: "invalid_request_error", code: null } });
  }

  /** Begins a stream. */
  begin(): void {
    this.#response.writeHead(200, { "content-type": "text/event-stream" });
    this.#response.flushHeaders();
  }

  /** Says a piece of a stream. */
  say(text: string): void {
    this.#event({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] });
  }

  /** Ends a stream properly. */
  end(told: Told): void {
    this.told = told;
    this.#event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
    this.#event({ choices: [], usage: usage(told) });
    this.#response.end("data: [DONE]\n\n");
  }

  /** Answers in full, as it was asked to. */
  answer(text: string, told: Told): void {
    if (!this.isStream) return this.reply(text, told);
    this.begin();
    for (const word of text.split(/(?= )/)) this.say(word);
    this.end(told);
  }

  #event(event: object): void {
    const whole = { id: "r", object: "chat.completion.chunk", model: "m", ...event };
    this.#response.write(`data: ${JSON.stringify(whole)}\n\n`);
  }

  #send(status: number, body: object): void {
    const text = JSON.stringify(body);
    this.#response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    }).end(text);
  }
}

/** What tests look at in a request. */
export interface Asked {
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
}

const usage = ({ input, output }: Told) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});

/** The provider. */
export class Provider {
  readonly port: number;
  /** All that has come since it was last forgotten. */
  visits: Visit[] = [];
  /** What is done with whoever comes. */
  serve: (visit: Visit) => void | Promise<void> = (visit) => visit.answer("Yes.", { input: 1, output: 1 });
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("request", (request, response) => void this.#admit(request, response));
  }

  /** Starts on a free loopback port. */
  static start(): Promise<Provider> {
    const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 });
    return new Promise((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", 1024, () => resolve(new Provider(server)));
    });
  }

  /** Forgets who has come, and says what is done with who comes now. */
  begin(serve: Provider["serve"]): void {
    this.visits = [];
    this.serve = serve;
  }

  /** Closes the port and every connection. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #admit(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.now();
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      return;
    }
    const visit = new Visit(at, request.headers.authorization ?? "", Buffer.concat(chunks).toString(), response);
    this.visits.push(visit);
    await this.serve(visit);
  }
}
