import { declare } from "./declare.ts";

await declare("node");
