import { Hono } from "hono";
import { demo, gateway } from "headgate";

const gw = gateway({ basePath: "/ai", local: [demo()] });

const app = new Hono();
app.get("/", (c) => c.text("my app"));
app.all("/ai/*", (c) => gw.fetch(c.req.raw));

export default app;
