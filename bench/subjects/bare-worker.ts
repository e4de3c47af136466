import { pass } from "./pass.ts";

export default { fetch: pass };
