/**
 * One connection to Redis.
 *
 * @module
 */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import type { RedisAddress } from "./address.ts";
import { type Args, encodeCommand, Failure, type Reply, ReplyParser } from "./reply.ts";

/** Redis doesn't answer; the message can be shown to whoever asked. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

const CONNECT_MS = 2_000;

/** Commands that were sent together, and the replies that have come. */
interface Batch {
  readonly wanted: number;
  readonly replies: Reply[];
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (error: Unreachable) => void;
}

/** An open connection: commands go out at once, and replies come in their order. */
export class Connection {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #waiting: Batch[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #listen: ((reply: Reply) => void) | undefined;
  #isOpen = true;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    const parser = new ReplyParser((reply) => this.#receive(reply));
    socket.on("data", (chunk: Buffer) => {
      try {
        parser.push(chunk);
      } catch {
        this.#end("Redis has sent what can't be understood: the command may have run.");
      }
    });
    socket.on("error", () => {});
    socket.on("close", () => this.#end("Redis went away before it answered: the command may have run."));
    socket.on("end", () => socket.destroy());
  }

  /**
   * Connects, authenticates and selects the database.
   *
   * @param timeoutMs How long Redis may be silent while it owes a reply.
   * @throws {Unreachable} If it can't.
   */
  static async open(address: RedisAddress, timeoutMs: number): Promise<Connection> {
    const connection = new Connection(await dial(address), timeoutMs);
    const { username, password, database } = address;
    const greeting: Args[] = [];
    if (password !== "") greeting.push(words("AUTH", ...(username === "" ? [] : [username]), password));
    if (database !== 0) greeting.push(words("SELECT", String(database)));
    const replies = await connection.send(greeting);
    if (!replies.some((reply) => reply instanceof Failure)) return connection;
    connection.close();
    throw new Unreachable("Redis lets the front not in: check the password and the database in --redis.");
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Calls back when it is over, for whatever reason. */
  onClose(callback: () => void): void {
    this.#socket.once("close", callback);
  }

  /**
   * Sends commands with nothing in between.
   *
   * @throws {Unreachable} If not all are answered.
   */
  send(commands: readonly Args[]): Promise<Reply[]> {
    if (commands.length === 0) return Promise.resolve([]);
    if (!this.#isOpen) return Promise.reject(new Unreachable("Redis has just gone: try again."));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ wanted: commands.length, replies: [], resolve, reject });
      this.#socket.write(Buffer.concat(commands.map(encodeCommand)));
      this.#expect();
    });
  }

  /** Turns it into a subscription: sends the command, and hands over whatever comes from now on. */
  listen(command: Args, receive: (reply: Reply) => void): void {
    this.#listen = receive;
    this.#socket.write(encodeCommand(command));
    this.#expect();
  }

  /** Lets Redis wait, or go on. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#socket.pause();
    else this.#socket.resume();
  }

  close(): void {
    this.#end("The front is stopping: try again later.");
  }

  #receive(reply: Reply): void {
    if (this.#listen !== undefined) {
      this.#rest();
      return this.#listen(reply);
    }
    const [batch] = this.#waiting;
    // Redis says why it hangs up, as when it has too many clients, without having been asked.
    if (batch === undefined) return this.#end("Redis speaks without having been asked.");
    batch.replies.push(reply);
    this.#timer?.refresh();
    if (batch.replies.length < batch.wanted) return;
    this.#waiting.shift();
    if (this.#waiting.length === 0) this.#rest();
    batch.resolve(batch.replies);
  }

  /** From now on Redis owes a reply. */
  #expect(): void {
    this.#timer ??= setTimeout(() => {
      this.#end(`Redis has said nothing for ${this.#timeoutMs / 1000} s: the command may have run.`);
    }, this.#timeoutMs);
  }

  /** Redis owes nothing. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#rest();
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(new Unreachable(reason));
  }
}

/** Words as a command. */
export const words = (...texts: readonly string[]): Args => texts.map((text) => Buffer.from(text));

function dial({ path, host, port, isSecure }: RedisAddress): Promise<Socket> {
  const socket = isSecure
    ? connectSecurely({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) })
    : path === undefined
    ? connect({ host, port })
    : connect({ path });
  return new Promise((resolve, reject) => {
    const fail = () => {
      socket.destroy();
      reject(new Unreachable("Redis can't be reached: try again later."));
    };
    const timer = setTimeout(fail, CONNECT_MS);
    socket.once("close", fail).on("error", fail);
    socket.once(isSecure ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.off("close", fail).off("error", fail);
      socket.setNoDelay(true).setKeepAlive(true, 30_000);
      resolve(socket);
    });
    socket.once("close", () => clearTimeout(timer));
  });
}
