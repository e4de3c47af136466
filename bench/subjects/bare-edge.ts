import { pass } from "./pass.ts";

declare function addEventListener(type: "fetch", listen: (event: FetchEvent) => void): void;
interface FetchEvent {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

addEventListener("fetch", (event) => event.respondWith(pass(event.request)));
