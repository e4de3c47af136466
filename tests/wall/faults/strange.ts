/**
 * Faults of the content: well framed, and not an answer.
 *
 * @module
 */
import { REFUSALS } from "../refusal.ts";
import { begin, end, type Fault, finish, head, JSON_HEAD, type Scene, speak } from "../scene.ts";

/** An error with a status that says that all is well. */
function errorBody({ pen, visit }: Scene): void {
  pen.reply(200, JSON_HEAD, JSON.stringify(visit.dialect.refusal(REFUSALS.overloaded)));
}

function errorEvent({ pen, visit }: Scene): void {
  pen.chunk(visit.dialect.error(REFUSALS.overloaded));
  pen.last();
}

/** Strange answers. */
export const strange: Readonly<Record<string, Fault>> = {
  /** An error within the stream: first of all, after the opening, after twenty tokens, after a tool was called. */
  "error-first": (scene) => {
    if (!scene.visit.isStream) return errorBody(scene);
    head(scene);
    errorEvent(scene);
  },
  "error-event": (scene) => {
    if (!scene.visit.isStream) return errorBody(scene);
    begin(scene);
    errorEvent(scene);
  },
  "error-event-late": async (scene) => {
    begin(scene);
    await speak(scene, 0, scene.count ?? 20);
    errorEvent(scene);
  },
  "error-tool": (scene) => {
    begin(scene);
    for (const event of scene.visit.dialect.tool(scene.talk)) scene.pen.chunk(event);
    errorEvent(scene);
  },
  /** One event in the middle whose JSON breaks off; all else is well. */
  "bad-json": async (scene) => {
    const { visit, pen, talk, count = 10 } = scene;
    if (!visit.isStream) {
      const text = JSON.stringify(visit.dialect.plain(talk));
      return pen.reply(200, JSON_HEAD, `${text.slice(0, text.length / 2)}"oops`);
    }
    begin(scene);
    await speak(scene, 0, count);
    pen.chunk(visit.dialect.broken);
    await finish(scene, count);
  },
  /** The provider's own filter held the answer back, and it says so with a status that all is well. */
  "blocked": (scene) => {
    const { visit, pen, talk } = scene;
    if (!visit.isStream) return pen.reply(200, JSON_HEAD, JSON.stringify(visit.dialect.plainBlocked(talk)));
    begin(scene);
    for (const event of visit.dialect.blocked(talk)) pen.chunk(event);
    if (visit.dialect.id === "responses") return pen.last();
    end(scene);
  },
  "redirect": ({ pen }) => pen.reply(307, [["location", "/elsewhere"]], ""),
  /** An error whose body doesn't end. */
  "oversized": async ({ pen }) => {
    pen.head(500, [...JSON_HEAD, ["transfer-encoding", "chunked"]]);
    pen.chunk('{"error":{"message":"');
    const piece = Buffer.alloc(64 * 1024, "x");
    for (let sent = 0; sent < 1024; sent++) {
      pen.chunk(piece);
      await pen.drained();
    }
    pen.fin();
  },
  /** A page, as the proxy before a provider sends one. */
  "mislabelled": ({ pen }) =>
    pen.reply(200, [["content-type", "text/html"]], "<html><body><h1>We'll be back soon</h1></body></html>"),
  "garbage": ({ pen }) => pen.reply(200, JSON_HEAD, "upstream connect error or disconnect/reset before headers"),
};
