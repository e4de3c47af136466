import { deno } from "../../adapters/deno.ts";
import { gate } from "./gate.ts";

export default deno(gate);
