import { once } from "node:events";
import { expect } from "chai";
import { type ChildOptions, type Ended, startChild } from "./child.ts";

/** Longer than any stop takes here, shorter than one that hangs. */
const STOP_MS = "30000";

const start = (mode: string, stopMs = STOP_MS, options: ChildOptions = {}) =>
  startChild("service-child.ts", [mode, stopMs], options);

const LISTENING = '{"api":"http://127.0.0.1:7101"}';
const WHOLE_LIFE = `starting\n${LISTENING}\nstopping\nstopped\n`;

/** The last line of the log. */
function lastLine({ stderr }: Ended): Record<string, any> {
  return JSON.parse(stderr.trimEnd().split("\n").at(-1)!) as Record<string, any>;
}

describe("runService", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`says where it listens, stops on ${signal} and exits with 0`, async () => {
      const child = start("serve");
      await child.line(LISTENING);
      child.process.kill(signal);
      const end = await child.ended;
      expect(end).to.include({ code: 0, signal: null, stdout: WHOLE_LIFE });
      expect(lastLine(end)).to.include({ why: signal });
    });
  }

  it("stops once, however often and by however many it is told", async () => {
    const child = start("serve");
    await child.line(LISTENING);
    for (const signal of ["SIGINT", "SIGINT", "SIGTERM"] as const) child.process.kill(signal);
    expect(await child.ended).to.include({ code: 0, stdout: WHOLE_LIFE });
  });

  it("lets a start come to its end before it stops", async () => {
    const child = start("slow-start");
    await child.line("starting");
    child.process.kill("SIGTERM");
    expect(await child.ended).to.include({ code: 0, stdout: "starting\nstopping\nstopped\n" });
  });

  it("ends a start that waits, and exits with 0", async () => {
    const child = start("patient-start");
    await child.line("starting");
    child.process.kill("SIGTERM");
    expect(await child.ended).to.include({ code: 0, stdout: "starting\nstopping\nstopped\n" });
  });

  it("is gone within the bound when stopping hangs, and says so", async () => {
    const child = start("hang", "200");
    await child.line(LISTENING);
    const began = Date.now();
    child.process.kill("SIGTERM");
    const end = await child.ended;
    expect(Date.now() - began).to.be.lessThan(Number(STOP_MS));
    expect(end.code).to.equal(70);
    expect(lastLine(end)).to.include({ level: "fatal", msg: "the stop takes too long" });
  });

  it("exits with 70 when stopping fails", async () => {
    const child = start("stop-fails");
    await child.line(LISTENING);
    child.process.kill("SIGTERM");
    const end = await child.ended;
    expect(end.code).to.equal(70);
    expect(lastLine(end).err.message).to.equal("cannot stop");
  });

  for (const mode of ["throw", "reject"]) {
    it(`ends at once on an error that nobody caught (${mode}), with the error in the log`, async () => {
      const end = await start(mode).ended;
      expect(end).to.include({ code: 70, stdout: `starting\n${LISTENING}\n` });
      expect(lastLine(end)).to.include({ level: "fatal", msg: "an error of ours" });
      expect(lastLine(end).err.message).to.equal("nobody caught me");
      expect(lastLine(end).err.stack).to.contain("service-child.ts");
    });
  }

  for (const [mode, code, message, stdout] of [
    ["refuse", 78, "port 7101 on 127.0.0.1 is taken", "starting\nstopping\nstopped\n"],
    ["no-start", 75, "the disk is gone", "starting\nstopping\nstopped\n"],
    ["fail", 75, "the chain lost its history", WHOLE_LIFE],
    ["misconfigured", 78, "another chain", WHOLE_LIFE],
  ] as const) {
    it(`stops and exits with ${code} where "${message}"`, async () => {
      const end = await start(mode).ended;
      expect(end).to.include({ code, stdout });
      expect(lastLine(end)).to.include({ level: "fatal", msg: "it cannot go on" });
      expect(lastLine(end).err.message).to.equal(message);
      expect(typeof lastLine(end).remedy).to.equal(code === 78 ? "string" : "undefined");
    });
  }

  it("says what it cannot be loaded with, and what to do, and exits with 78 before it starts", async () => {
    const end = await start("not-loaded").ended;
    expect(end).to.include({ code: 78, stdout: "" });
    expect(end.stderr).to.equal(
      "bad-configuration: node.yaml:3:1: no\nMend the line the text names.\n",
    );
  });

  it("tells a parent what it cannot be loaded with", async () => {
    const child = start("not-loaded", STOP_MS, { ipc: true });
    const [message] = (await once(child.process, "message")) as [object];
    const detail = "node.yaml:3:1: no";
    expect(message).to.deep.equal({ kind: "failed", code: "bad-configuration", detail });
    expect((await child.ended).code).to.equal(78);
  });

  it("tells a parent that forked it, once, and stops when the parent hangs up", async () => {
    const child = start("serve", STOP_MS, { ipc: true });
    const [message] = (await once(child.process, "message")) as [object];
    expect(message).to.deep.equal({ kind: "listening", urls: JSON.parse(LISTENING) });
    child.process.disconnect();
    expect(await child.ended).to.include({ code: 0, stdout: "starting\nstopping\nstopped\n" });
  });

  it("tells a parent why it did not start, before it is gone", async () => {
    const child = start("refuse", STOP_MS, { ipc: true });
    const [message] = (await once(child.process, "message")) as [object];
    expect(message).to.deep.equal({
      kind: "failed",
      code: "in-use",
      detail: "port 7101 on 127.0.0.1 is taken",
    });
    expect((await child.ended).code).to.equal(78);
  });

  it("stops in order also when nobody reads its log any more", async () => {
    const child = start("serve");
    await child.line(LISTENING);
    child.process.stderr!.destroy();
    child.process.kill("SIGTERM");
    expect(await child.ended).to.include({ code: 0, stdout: WHOLE_LIFE });
  });

  it("stops when the parent is killed, and leaves no process", async () => {
    const parent = start("parent");
    await parent.line('{"kind":"listening"');
    parent.process.kill("SIGKILL");
    // The pipes close when the last process that holds them has ended.
    const end = await parent.ended;
    expect(end.signal).to.equal("SIGKILL");
    expect(end.stdout).to.match(/stopping\nstopped\n$/);
    expect(lastLine(end)).to.include({ why: "the parent has ended" });
  });
});
