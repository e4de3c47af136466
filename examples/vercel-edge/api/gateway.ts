import { demo, gateway } from "headgate";
import { edge } from "headgate/vercel/edge";

export const config = { runtime: "edge" };

export default edge(gateway({ local: [demo()], providers: { openai: { key: process.env.OPENAI_API_KEY } } }));
