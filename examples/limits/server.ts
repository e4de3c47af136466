// node server.ts
import { demo, gateway } from "headgate";
import { serve } from "headgate/node";

const gw = gateway({
  local: [demo()],
  providers: { openai: { key: process.env.OPENAI_API_KEY } },
  gateways: {
    default: {
      limits: [
        { name: "acme", per: "metadata.tenant", match: "acme-co", requests: 50, window: "1m" },
        { name: "tokens", per: "metadata.tenant", tokens: 20_000, window: "day", mode: "hard", maxOutput: 1000 },
        { name: "dollars", per: "metadata.tenant", cost: 5, window: "month" },
      ],
      cache: { ttl: 60 },
    },
  },
});

// For several processes: `import { upstash } from "headgate"` and `store: upstash({ url, token })`.
const server = await serve(gw, { port: Number(process.env.PORT ?? 8787) });
console.log(`listening on ${server.url}`);

process.on("SIGTERM", () => server.stop(30_000).then(() => process.exit(0)));
