// bun server.ts
import { demo, gateway } from "headgate";
import { bun } from "headgate/bun";

export default {
  port: Number(process.env.PORT ?? 8787),
  ...bun(gateway({ local: [demo()], providers: { openai: { key: process.env.OPENAI_API_KEY } } })),
};
