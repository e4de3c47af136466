import { demo, gateway } from "headgate";
import { workers } from "headgate/workers";

interface Env {
  OPENAI_API_KEY?: string;
}

export default workers((env: Env) => gateway({ local: [demo()], providers: { openai: { key: env.OPENAI_API_KEY } } }));
