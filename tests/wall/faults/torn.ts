/**
 * Faults of the connection: the answer is torn off.
 *
 * @module
 */
import { answer, begin, close, type Fault, head, JSON_HEAD, PACE, partly, type Scene, speak } from "../scene.ts";

/** Forty tokens, or the better part of a plain answer. */
async function some(scene: Scene, isChunked = false): Promise<void> {
  if (!scene.visit.isStream) return partly(scene, isChunked);
  begin(scene);
  await speak(scene, 0, scene.count ?? 40);
}

/** Torn answers. */
export const torn: Readonly<Record<string, Fault>> = {
  /** The connection is reset before any answer. */
  "reset": ({ pen }) => pen.reset(),
  "reset-once": (scene) => scene.visit.number === 1 ? scene.pen.reset() : answer(scene),
  /** Reset within the answer. */
  "cut": async (scene) => {
    await some(scene);
    await scene.pen.reset();
  },
  /** Closed within the answer, without the chunk that ends it. */
  "cut-close": async (scene) => {
    await some(scene);
    scene.pen.fin();
  },
  /** Ended within the answer, as if that were all. */
  "cut-clean": async (scene) => {
    await some(scene, true);
    scene.pen.last();
  },
  /** An answer that ends before it has begun. */
  "empty": (scene) => {
    if (!scene.visit.isStream) return scene.pen.reply(200, JSON_HEAD, "");
    head(scene);
    scene.pen.last();
  },
  /** The same after the opening. */
  "empty-opening": (scene) => {
    begin(scene);
    scene.pen.last();
  },
  /** The text is complete and says so, but its end mark is missing. */
  "no-done": async (scene) => {
    if (!scene.visit.isStream) return answer(scene);
    begin(scene);
    await speak(scene);
    close(scene);
    scene.pen.last();
  },
  /** The same, and the connection stays open. */
  "no-done-open": async (scene) => {
    begin(scene);
    await speak(scene);
    close(scene);
    await scene.pen.pause(PACE.silence);
    scene.pen.fin();
  },
  /** Tokens, then bytes that are no chunk. */
  "bad-chunk": async (scene) => {
    begin(scene);
    await speak(scene, 0, scene.count ?? 20);
    await noChunk(scene);
  },
  "bad-chunk-early": async (scene) => {
    head(scene);
    await noChunk(scene);
  },
};

async function noChunk({ pen }: Scene): Promise<void> {
  pen.raw("this is no length\r\n\r\n");
  await pen.pause(PACE.ping);
  pen.fin();
}
