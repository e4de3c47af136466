// deno serve -A main.ts
import { demo, gateway } from "headgate";
import { deno } from "headgate/deno";

const key = Deno.env.get("OPENAI_API_KEY");

export default deno(gateway({ local: [demo()], providers: key === undefined ? {} : { openai: { key } } }));
