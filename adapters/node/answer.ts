/**
 * An answer whose bytes are all here. Node's `Response` takes longer to copy them and to make a stream of them than
 * everything else around a call does, and its server needs neither.
 *
 * @module
 */

import { Fields } from "../http1/fields.ts";

/** A `Response` like any other, whose body is made when somebody reads it. */
export class NodeAnswer extends Response {
  readonly #headers: Fields;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #read: Response | undefined;

  constructor(bytes: Uint8Array<ArrayBuffer>, init: ResponseInit) {
    const { headers, ...state } = init;
    super(null, state);
    this.#headers = new Fields(headers);
    this.#bytes = bytes;
  }

  override get headers(): Headers {
    return this.#headers;
  }

  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#readable().body;
  }

  override get bodyUsed(): boolean {
    return this.#read?.bodyUsed === true;
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#readable().arrayBuffer();
  }

  override blob(): Promise<Blob> {
    return this.#readable().blob();
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  override formData(): Promise<FormData> {
    return this.#readable().formData();
  }

  override json(): Promise<unknown> {
    return this.#readable().json();
  }

  override text(): Promise<string> {
    return this.#readable().text();
  }

  override clone(): Response {
    return new Response(this.#readable().clone().body, this);
  }

  #readable(): Response {
    return this.#read ??= new Response(this.#bytes, this);
  }
}
