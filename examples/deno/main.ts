// deno serve --allow-net --allow-env main.ts
import { demo, gateway } from "headgate";
import { deno } from "headgate/deno";

export default deno(gateway({ local: [demo()], providers: { openai: { key: Deno.env.get("OPENAI_API_KEY") } } }));
