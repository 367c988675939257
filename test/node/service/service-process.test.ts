import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type Ended, startChild } from "./child.ts";

const start = (mode: string, stopMs = "5000", options = {}) =>
  startChild("service-child.ts", [mode, stopMs], options);

/** The last line of the log. */
function lastLine({ stderr }: Ended): Record<string, any> {
  return JSON.parse(stderr.trimEnd().split("\n").at(-1)!) as Record<string, any>;
}

describe("runService", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`stops the service on ${signal} and exits with 0`, async () => {
      const child = start("serve");
      await child.line("serving");
      child.process.kill(signal);
      const end = await child.ended;
      expect(end).to.include({ code: 0, signal: null, stdout: "serving\nstopping\nstopped\n" });
      expect(end.stderr).to.contain(`"why":"${signal}"`);
    });
  }

  it("gives up a start that is asked to stop", async () => {
    const child = start("slow-start");
    await child.line("starting");
    child.process.kill("SIGTERM");
    expect(await child.ended).to.include({ code: 0, stdout: "starting\n" });
  });

  it("is gone within the bound when stopping hangs, and says so", async () => {
    const child = start("hang", "200");
    await child.line("serving");
    const began = Date.now();
    child.process.kill("SIGTERM");
    const end = await child.ended;
    expect(Date.now() - began).to.be.lessThan(2000);
    expect(end.code).to.equal(70);
    expect(lastLine(end)).to.include({ level: "fatal", msg: "stopping failed" });
    expect(lastLine(end).err.message).to.equal("not stopped within 200 ms");
  });

  it("is gone at once on a second signal", async () => {
    const child = start("hang", "60000");
    await child.line("serving");
    child.process.kill("SIGINT");
    await child.line("stopping");
    child.process.kill("SIGINT");
    expect((await child.ended).code).to.equal(70);
  });

  it("exits with 70 when stopping fails", async () => {
    const child = start("stop-fails");
    await child.line("serving");
    child.process.kill("SIGTERM");
    const end = await child.ended;
    expect(end.code).to.equal(70);
    expect(lastLine(end).err.message).to.equal("cannot stop");
  });

  for (const mode of ["throw", "reject"]) {
    it(`ends at once on an error that nobody caught (${mode}), with the error in the log`, async () => {
      const end = await start(mode).ended;
      expect(end).to.include({ code: 70, stdout: "serving\n" });
      expect(lastLine(end)).to.include({ level: "fatal", msg: "an error that nobody caught" });
      expect(lastLine(end).err.message).to.equal("nobody caught me");
      expect(lastLine(end).err.stack).to.contain("service-child.ts");
    });
  }

  it("exits with 78 and the remedy when the start is refused, with 70 when it fails", async () => {
    const [refused, failed] = await Promise.all([start("refuse").ended, start("fail").ended]);
    expect(refused.code).to.equal(78);
    expect(lastLine(refused)).to.include({
      level: "fatal",
      msg: "the start failed",
      code: "in-use",
    });
    expect(lastLine(refused).remedy).to.match(/Stop the other process/);
    expect(failed.code).to.equal(70);
    expect(lastLine(failed).err.message).to.equal("the chain is gone");
  });

  it("stops when the parent is killed, and leaves no process", async () => {
    const parent = start("parent");
    await parent.line("serving");
    parent.process.kill("SIGKILL");
    // The pipe closes when the last process that holds it has ended.
    const end = await parent.ended;
    expect(end.signal).to.equal("SIGKILL");
    expect(end.stdout).to.equal("serving\nstopping\nstopped\n");
    expect(end.stderr).to.contain("the parent has ended");
  });

  it("stops when the parent hangs up", async () => {
    const child = start("serve", "5000", { ipc: true });
    await child.line("serving");
    child.process.disconnect();
    expect((await child.ended).code).to.equal(0);
  });

  it("goes on without a parent that listens", async () => {
    const child = start("serve");
    await child.line("serving");
    await sleep(100);
    expect(child.process.exitCode).to.equal(null);
    child.process.kill("SIGTERM");
    await child.ended;
  });
});
