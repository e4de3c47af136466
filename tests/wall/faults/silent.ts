/**
 * Faults of time: the provider says nothing, or nothing that is worth anything.
 *
 * @module
 */
import { answer, begin, type Fault, finish, head, PACE, partly, type Scene, speak } from "../scene.ts";

/** Nothing more comes, and at the end of that the connection goes too. */
async function fade({ pen }: Scene): Promise<void> {
  await pen.pause(PACE.silence);
  pen.fin();
}

/** Silences. */
export const silent: Readonly<Record<string, Fault>> = {
  /** No answer at all. */
  "silent": fade,
  "slow-headers": async (scene) => {
    await scene.pen.pause(PACE.slow);
    await answer(scene);
  },
  /** The head at once, everything else late. */
  "slow-first-token": async (scene) => {
    if (scene.visit.isStream) head(scene);
    await scene.pen.pause(PACE.slow);
    if (!scene.visit.isStream) return answer(scene);
    for (const event of scene.visit.dialect.opening(scene.talk)) scene.pen.chunk(event);
    await finish(scene, 0);
  },
  /** The opening, and then silence. */
  "role-only": async (scene) => {
    begin(scene);
    await fade(scene);
  },
  /** The opening, and then signs of life without a word. */
  "pings": async (scene) => {
    begin(scene);
    for (let passed = 0; passed < PACE.silence; passed += PACE.ping) {
      scene.pen.chunk(scene.visit.dialect.idle);
      await scene.pen.pause(PACE.ping);
    }
    scene.pen.fin();
  },
  /** The opening in odd pieces and with signs of life between; then all is well. */
  "preamble": async (scene) => {
    head(scene);
    const { dialect } = scene.visit;
    const text = [dialect.idle, ...dialect.opening(scene.talk), dialect.idle].join("");
    for (let at = 0; at < text.length; at += 37) {
      scene.pen.chunk(text.slice(at, at + 37));
      await scene.pen.pause(PACE.token);
    }
    await finish(scene, 0);
  },
  /** Twenty tokens, and then silence until the connection goes. */
  "stall": async (scene) => {
    const { pen, visit, count = 20 } = scene;
    if (visit.isStream) {
      begin(scene);
      await speak(scene, 0, count);
    } else partly(scene, false);
    await pen.pause(PACE.stall);
    pen.fin();
  },
};
