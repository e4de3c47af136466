import { serve } from "../../adapters/bun.ts";
import { gate } from "./gate.ts";

await serve(gate, { port: Number(process.env.PORT) });
