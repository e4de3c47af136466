/**
 * Answers that stream, as the rooms hand them to each other: one body that each may look into or change on its way,
 * and one stream around it, whoever does.
 *
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** Where the bytes of an answer come from. It has one reader, which asks for the next chunk when it has the last. */
export interface Source {
  /** The next bytes; `undefined` at the true end. Rejects where the answer breaks off. */
  read(): Promise<Bytes | undefined>;
  /** Nobody wants the rest. */
  cancel(reason?: unknown): Promise<void>;
}

const HOLDERS = new WeakMap<Response, { source: Source }>();

/** An answer that streams from a source. It never reads ahead of its reader. */
export function flowing(source: Source, init: ResponseInit): Response {
  const holder = { source };
  const answer = new Response(streamFrom(holder), init);
  HOLDERS.set(answer, holder);
  return answer;
}

/**
 * Puts something between an answer's source and its reader.
 *
 * @returns The same answer where it was made by {@link flowing}; else one in its place.
 */
export function through(answer: Response, change: (source: Source) => Source): Response {
  const holder = HOLDERS.get(answer);
  if (holder === undefined) {
    const { status, headers, body } = answer;
    return flowing(change(sourceOf(body as ReadableStream<Bytes>)), { status, headers });
  }
  holder.source = change(holder.source);
  return answer;
}

/** What an answer brings, for a reader that puts it into another. */
export function sourceIn(answer: Response): Source {
  return HOLDERS.get(answer)?.source ?? sourceOf(answer.body as ReadableStream<Bytes>);
}

/** What a stream brings. */
export function sourceOf(stream: ReadableStream<Bytes>): Source {
  const reader = stream.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: (reason) => reader.cancel(reason),
  };
}

function streamFrom(holder: { readonly source: Source }): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>({
    async pull(out) {
      try {
        const bytes = await holder.source.read();
        if (bytes === undefined) out.close();
        else out.enqueue(bytes);
      } catch (error) {
        // Broken off at once, a stream takes the bytes with it that its reader hasn't passed on yet.
        await aTurn();
        out.error(error);
      }
    },
    cancel: (reason) => holder.source.cancel(reason),
  }, { highWaterMark: 0 });
}

/** In which even a busy server has passed on what it was given. */
const TURN_MS = 20;

const aTurn = () => new Promise((resolve) => setTimeout(resolve, TURN_MS));
