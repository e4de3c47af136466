import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { pause, until } from "../runtime/wait.ts";
import { openRig, type Rig } from "./rig.ts";

describe("the rig's faults", () => {
  let rig: Rig;
  before(async () => rig = await openRig());
  after(() => rig.stop());

  const ask = (path: string, signal: AbortSignal = new AbortController().signal) =>
    fetch(rig.url + path, { method: "POST", headers: { authorization: `Bearer ${rig.token}` }, signal });
  const count = async () => {
    await rig.faults.set("none");
    return ((await (await ask("/get/count")).json()) as { result: string | null }).result;
  };

  it("refuse, hang and error keep a command from running", async () => {
    await rig.faults.set("refuse");
    await assert.rejects(ask("/incr/count"), TypeError);
    assert.equal(await count(), null);
    await rig.faults.set("hang");
    const leaving = new AbortController();
    const { requests } = rig.faults;
    const hanging = ask("/incr/count", leaving.signal);
    await until(() => rig.faults.requests > requests, "the request");
    await pause(20);
    leaving.abort();
    await assert.rejects(hanging, { name: "AbortError" });
    assert.equal(await count(), null);
    await rig.faults.set("error");
    assert.equal((await ask("/incr/count")).status, 500);
    assert.equal(await count(), null);
  });

  it("drop and reset let it run, and cut the answer off", async () => {
    await rig.faults.set("drop");
    await assert.rejects(ask("/incr/count"), TypeError);
    assert.equal(await count(), "1");
    await rig.faults.set("reset");
    await assert.rejects(ask("/incr/count").then((answer) => answer.text()), TypeError);
    assert.equal(await count(), "2");
  });

  it("latency lets it run, later", async () => {
    rig.faults.latencyMs = 50;
    const startedAt = performance.now();
    assert.equal(await (await ask("/incr/count")).text(), '{"result":3}');
    assert.ok(performance.now() - startedAt >= 45);
    rig.faults.latencyMs = 0;
  });
});
