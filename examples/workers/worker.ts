import { demo, gateway } from "headgate";
import { workers } from "headgate/workers";

export default workers((env) => gateway({ local: [demo()], providers: { openai: { key: env.OPENAI_API_KEY } } }));
