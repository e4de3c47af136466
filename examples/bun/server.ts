// bun server.ts
import { demo, gateway } from "headgate";
import { bun } from "headgate/bun";

const key = process.env.OPENAI_API_KEY;

export default {
  port: Number(process.env.PORT ?? 8787),
  ...bun(gateway({ local: [demo()], providers: key === undefined ? {} : { openai: { key } } })),
};
