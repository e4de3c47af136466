/**
 * Back pressure: whoever is slow holds the other side back, and nothing piles up in between.
 *
 * @module
 */
import assert from "node:assert/strict";
import { area, type Behaviour } from "../stage.ts";
import { pause } from "../wait.ts";

const G = "/v1/acc/gw";

/** Behaviours of back pressure. */
export const pressure: readonly Behaviour[] = area("streaming", [
  {
    name: "A slow client holds the provider back: nothing piles up in between",
    isAlone: true,
    async run({ gateway, upstream }) {
      const piece = Buffer.alloc(64 * 1024, "x");
      const offeredMib = 192;
      const ticket = upstream.ticket();
      const before = gateway.memoryMib;
      const headers = { "content-type": "application/json", "authorization": ticket.bearer };
      const live = gateway.begin({ path: `${G}/openai/files/f/content`, body: "{}", headers });
      const provider = await ticket.next();
      provider.head(200, [["content-type", "application/octet-stream"]]);
      await provider.write("first");
      await live.answered();
      live.stopReading();
      const flood = (async () => {
        while (provider.sentBytes < offeredMib * 1024 * 1024 && !provider.isClosed) await provider.write(piece);
      })();
      for (let last = -1; last !== provider.sentBytes;) {
        last = provider.sentBytes;
        await pause(100);
      }
      const takenMib = provider.sentBytes / 1024 / 1024;
      const grownMib = (gateway.memoryMib ?? 0) - (before ?? 0);
      live.leave("rst");
      await provider.closed;
      await flood;
      assert.ok(takenMib < 48, `${takenMib.toFixed(0)} MiB were taken from the provider while the client didn't read`);
      assert.ok(grownMib < 64, `memory grew by ${grownMib.toFixed(0)} MiB`);
    },
  },
  {
    name: "A slow provider holds the client's upload back: nothing piles up in between",
    isAlone: true,
    async run({ gateway, upstream }) {
      const ticket = upstream.ticket();
      const before = gateway.memoryMib;
      const headers = { "authorization": ticket.bearer, "content-type": "application/octet-stream" };
      const live = gateway.upload({ method: "POST", path: `${G}/openai/files`, headers });
      live.answered().catch(() => {});
      live.flush();
      await live.write("first");
      const provider = await ticket.next();
      await provider.received(5);
      provider.stopReading();
      const piece = Buffer.alloc(64 * 1024, "x");
      let sentBytes = 0;
      let isOver = false;
      const flood = (async () => {
        while (sentBytes < 90 * 1024 * 1024 && !isOver) {
          await Promise.race([live.write(piece), pause(250).then(() => isOver = true)]);
          sentBytes += piece.length;
        }
      })();
      await flood;
      const grownMib = (gateway.memoryMib ?? 0) - (before ?? 0);
      live.leave("rst");
      provider.reset();
      const takenMib = sentBytes / 1024 / 1024;
      assert.ok(takenMib < 48, `${takenMib.toFixed(0)} MiB were taken from the client while the provider didn't read`);
      assert.ok(grownMib < 64, `memory grew by ${grownMib.toFixed(0)} MiB`);
    },
  },
]);
