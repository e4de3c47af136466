// node server.ts
import { demo, gateway } from "headgate";
import { serve } from "headgate/node";

const server = await serve(
  gateway({ local: [demo()], providers: { openai: { key: process.env.OPENAI_API_KEY } } }),
  { port: Number(process.env.PORT ?? 8787) },
);
console.log(`listening on ${server.url}`);

process.on("SIGTERM", () => server.stop(30_000).then(() => process.exit(0)));
