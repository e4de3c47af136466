import { demo, gateway } from "headgate";
import { edge } from "headgate/vercel/edge";

export const config = { runtime: "edge" };

const key = process.env.OPENAI_API_KEY;

export default edge(gateway({ local: [demo()], providers: key === undefined ? {} : { openai: { key } } }));
