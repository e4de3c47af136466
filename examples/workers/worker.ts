import { demo, gateway } from "headgate";
import { workers } from "headgate/workers";

interface Env {
  OPENAI_API_KEY?: string;
}

export default workers((env: Env) =>
  gateway({
    local: [demo()],
    providers: env.OPENAI_API_KEY === undefined ? {} : { openai: { key: env.OPENAI_API_KEY } },
  })
);
