// node chat.ts
import OpenAI from "openai";
import { demo, gateway } from "headgate";

const gw = gateway({ local: [demo()] });
const openai = new OpenAI({ baseURL: "https://gw.local/demo", apiKey: "none", fetch: gw.fetch });

const completion = await openai.chat.completions.create({
  model: "demo/echo",
  messages: [{ role: "user", content: "Hello from inside the process" }],
});
console.log(completion.choices[0]?.message.content);
