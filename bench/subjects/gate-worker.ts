import { workers } from "../../adapters/workers.ts";
import { gate } from "./gate.ts";

export default workers(() => gate);
