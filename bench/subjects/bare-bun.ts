import { pass } from "./pass.ts";

export default { port: Number(process.env.PORT), hostname: "127.0.0.1", fetch: pass };
