/** A process of its own that makes, changes and rotates keys, as fast as it can. */
import process from "node:process";
import { upstashVault } from "../../src/admin.ts";
import { stage } from "../admin/stage.ts";

const [url = "", token = "", name = "", count = "0"] = process.argv.slice(2);
const { ask } = stage({ vault: upstashVault({ url, token, timeoutMs: 10_000 }) });
const root = { role: "admin" };
const statuses: number[] = [];
for (let n = 0; n < Number(count); n++) {
  const id = `${name}.${n}`;
  const told = await Promise.all([
    ask(root, "POST /admin/keys", { id, tenant: "acme" }),
    ask({ role: "caller", tenant: name }, "DELETE /admin/keys/shared"),
    ask(root, "PATCH /admin/keys/shared", { grants: { models: [id] } }),
  ]);
  statuses.push(...told.map(({ status }) => status));
}
console.log(JSON.stringify(statuses));
