/**
 * Runs under Bun: the provider and its clients in one process, so that both read the same clock.
 * Commands come as JSON lines on stdin; each is answered by one line on stdout.
 */
declare const Bun: {
  listen(options: unknown): { port: number };
  connect(options: unknown): Promise<Socket>;
};
interface Socket {
  data: unknown;
  write(bytes: Uint8Array | string): number;
  end(): void;
}

/** What the orchestrator asks for. */
export type Command =
  | {
    readonly kind: "plain";
    readonly port: number;
    readonly path: string;
    readonly connections: number;
    readonly ms: number;
  }
  | {
    readonly kind: "stream";
    readonly port: number;
    readonly path: string;
    readonly streams: number;
    readonly rounds: number;
  };

/** Times are in milliseconds. */
export interface PlainResult {
  readonly calls: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}

export interface StreamResult {
  readonly streams: number;
  readonly events: number;
  readonly firstP50: number;
  readonly firstP99: number;
  readonly eventP50: number;
  readonly eventP99: number;
}

const EVENTS = 40;
const GAP_MS = 5;
const WORDS = "x".repeat(500);
const ANSWER = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1,
  model: "gpt-4o-mini",
  choices: [{ index: 0, message: { role: "assistant", content: WORDS }, finish_reason: "stop" }],
  usage: { prompt_tokens: 250, completion_tokens: 125, total_tokens: 375 },
});
const PLAIN = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`;
const STREAM_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

const now = () => performance.now();
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Carries the time at which it was sent. */
const event = (index: number) => {
  const delta = { index: 0, delta: { content: `w${index} ` }, finish_reason: null };
  const chunk = {
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    model: "gpt-4o-mini",
    choices: [delta],
    sentAt: now(),
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
};

/** The provider: answers each whole request on a connection, in order. */
function provide(): number {
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket: Socket) => void (socket.data = { text: "" }),
      data: (socket: Socket, bytes: Uint8Array) => {
        const state = socket.data as { text: string };
        state.text += new TextDecoder("latin1").decode(bytes);
        for (let end = wholeRequest(state.text); end > 0; end = wholeRequest(state.text)) {
          const isStream = state.text.slice(0, end).includes('"stream":true');
          state.text = state.text.slice(end);
          if (isStream) stream(socket);
          else socket.write(PLAIN);
        }
      },
      error: () => {},
    },
  });
  return server.port;
}

/** Length of the first whole request in the text; 0 if it isn't all there. */
function wholeRequest(text: string): number {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head));
  if (length !== null) {
    const end = head + 4 + Number(length[1]);
    return text.length >= end ? end : 0;
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(text.slice(0, head))) return head + 4;
  const end = text.indexOf("0\r\n\r\n", head + 4);
  return end < 0 ? 0 : end + 5;
}

function stream(socket: Socket): void {
  socket.write(STREAM_HEAD + chunked(event(0)));
  let sent = 1;
  const timer = setInterval(() => {
    if (sent < EVENTS) return void socket.write(chunked(event(sent++)));
    clearInterval(timer);
    socket.write(chunked("data: [DONE]\n\n") + "0\r\n\r\n");
  }, GAP_MS);
}

function request(path: string, port: number, isStream: boolean): string {
  const prompt = { role: "user", content: "y".repeat(900) };
  const body = JSON.stringify({
    model: "gpt-4o-mini",
    messages: [prompt],
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
  return [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    "authorization: Bearer sk-bench-0123456789",
    "content-type: application/json",
    "accept: application/json",
    "user-agent: OpenAI/JS 6.49.0",
    'cf-aig-metadata: {"tenant":"acme-co","user":"u-1"}',
    `content-length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

async function plain({ port, path, connections, ms }: Extract<Command, { kind: "plain" }>): Promise<PlainResult> {
  const bytes = request(path, port, false);
  const times: number[] = [];
  const began = now();
  const until = began + ms;
  await Promise.all(Array.from({ length: connections }, () => caller(port, bytes, times, until)));
  times.sort((a, b) => a - b);
  return { calls: times.length, seconds: (now() - began) / 1000, p50: rank(times, 0.5), p99: rank(times, 0.99) };
}

/** One client that calls again as soon as it is answered, on a new connection where the old one was closed. */
function caller(port: number, bytes: string, times: number[], until: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let missing = 0;
    let isWaiting = false;
    const send = (socket: Socket) => {
      sentAt = now();
      isWaiting = true;
      socket.write(bytes);
    };
    const answered = (socket: Socket) => {
      times.push(now() - sentAt);
      isWaiting = false;
      if (now() < until) return closing ? undefined : send(socket);
      resolve();
      socket.end();
    };
    let closing = false;
    const connect = () => {
      closing = false;
      Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: {
          open: send,
          data: (socket: Socket, data: Uint8Array) => {
            if (missing === 0) {
              closing = /\r\nconnection: close\r\n/i.test(new TextDecoder("latin1").decode(data));
              missing = answerLength(data, reject);
            }
            missing -= data.byteLength;
            if (missing > 0 && !(missing === Infinity && endsChunked(data))) return;
            missing = 0;
            answered(socket);
          },
          close: () => {
            if (isWaiting) reject(new Error("connection closed in the middle of an answer"));
            else if (now() < until) connect();
            else resolve();
          },
          error: (_: Socket, error: Error) => reject(error),
        },
      }).catch(reject);
    };
    connect();
  });
}

function answerLength(data: Uint8Array, reject: (error: Error) => void): number {
  const text = new TextDecoder("latin1").decode(data);
  if (!text.startsWith("HTTP/1.1 200")) reject(new Error(text.slice(0, 300)));
  const head = text.indexOf("\r\n\r\n") + 4;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head));
  if (length !== null) return head + Number(length[1]);
  return Infinity;
}

/** The last chunk of an answer whose length wasn't announced; a head that comes alone may end like one. */
function endsChunked(data: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(data);
  const isHeadOnly = text.startsWith("HTTP/1.1") && text.indexOf("\r\n\r\n") === text.length - 4;
  return !isHeadOnly && text.endsWith("0\r\n\r\n");
}

async function streams({ port, path, streams, rounds }: Extract<Command, { kind: "stream" }>): Promise<StreamResult> {
  const bytes = request(path, port, true);
  const firsts: number[] = [];
  const delays: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = Array.from({ length: streams }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * 3));
      await follow(port, bytes, firsts, delays);
    });
    await Promise.all(started);
  }
  firsts.sort((a, b) => a - b);
  delays.sort((a, b) => a - b);
  const first = { firstP50: rank(firsts, 0.5), firstP99: rank(firsts, 0.99) };
  return {
    streams: firsts.length,
    events: delays.length,
    ...first,
    eventP50: rank(delays, 0.5),
    eventP99: rank(delays, 0.99),
  };
}

/** One stream: time from the request to its first byte, and of each event from the provider's hand to the client's. */
function follow(port: number, bytes: string, firsts: number[], delays: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let events = 0;
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket: Socket) => {
          sentAt = now();
          socket.write(bytes);
        },
        data: (socket: Socket, data: Uint8Array) => {
          const at = now();
          const text = new TextDecoder("latin1").decode(data);
          if (events === 0 && text.includes("data: ")) firsts.push(at - sentAt);
          for (const found of text.matchAll(/"sentAt":([\d.]+)/g)) {
            if (events++ > 0) delays.push(at - Number(found[1]));
          }
          if (!text.includes("[DONE]")) return;
          resolve();
          socket.end();
        },
        error: (_: Socket, error: Error) => reject(error),
      },
    });
  });
}

const rank = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;

async function answer(line: string): Promise<void> {
  const command = JSON.parse(line) as Command;
  try {
    console.log(JSON.stringify(command.kind === "plain" ? await plain(command) : await streams(command)));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}

console.log(JSON.stringify({ port: provide() }));
let pending = "";
process.stdin.on("data", (bytes: Uint8Array) => {
  pending += new TextDecoder().decode(bytes);
  const lines = pending.split("\n");
  pending = lines.pop() ?? "";
  for (const line of lines) void answer(line);
});
