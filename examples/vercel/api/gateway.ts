import { demo, gateway } from "headgate";
import { vercel } from "headgate/vercel";

const key = process.env.OPENAI_API_KEY;

export default vercel(gateway({ local: [demo()], providers: key === undefined ? {} : { openai: { key } } }));
