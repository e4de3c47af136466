import { type IRequestStrict, Router } from "itty-router";
import { demo, gateway } from "headgate";

const gw = gateway({ basePath: "/ai", local: [demo()] });

const router = Router<IRequestStrict>();
router.get("/", () => new Response("my app"));
router.all("/ai/*", (request) => gw.fetch(request));

export default { fetch: (request: Request): Promise<Response> => router.fetch(request) };
