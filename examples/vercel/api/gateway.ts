import { demo, gateway } from "headgate";
import { vercel } from "headgate/vercel";

export default vercel(gateway({ local: [demo()], providers: { openai: { key: process.env.OPENAI_API_KEY } } }));
