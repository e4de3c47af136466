import { edge } from "../../adapters/vercel/edge.ts";
import { gate } from "./gate.ts";

declare function addEventListener(type: "fetch", listen: (event: FetchEvent) => void): void;
interface FetchEvent {
  request: Request;
  respondWith(answer: Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
}

const handler = edge(gate);
addEventListener("fetch", (event) => event.respondWith(handler(event.request, event)));
