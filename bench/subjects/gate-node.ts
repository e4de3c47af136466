import { serve } from "../../adapters/node.ts";
import { gate } from "./gate.ts";

await serve(gate, { port: Number(process.env.PORT) });
