/** How the one test command counts: no stage that broke can pass for one that held. */
import { tmpdir } from "node:os";
import { expect } from "chai";
import { addCounts, mochaCounts, runStage, solidityCounts, stands } from "../../scripts/stage.ts";

/** Runs a stage that is a line of JavaScript. */
async function run(script: string, count?: typeof mochaCounts) {
  let shown = "";
  const stage = { name: "a stage", command: [process.execPath, "-e", script] as const };
  const result = await runStage({ ...stage, ...(count && { count }) }, tmpdir(), (text) => {
    shown += text;
  });
  return { ...result, shown };
}

describe("a stage of the tests", () => {
  it("is one check by its exit, and shows what it prints as it comes", async () => {
    const fine = await run(`console.log("out"); console.error("err")`);
    expect(fine.counts).to.deep.equal({ passed: 1, failed: 0, skipped: 0 });
    expect(fine.shown).to.include("out").and.include("err");
    const broken = await run("process.exit(3)");
    expect(broken.counts).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
    expect(broken.status).to.equal(3);
  });

  it("counts what it says it counted, in colour or not", async () => {
    const { counts } = await run(`console.log("7 passed, 0 failed, 2 skipped")`, mochaCounts);
    expect(counts).to.deep.equal({ passed: 7, failed: 0, skipped: 2 });
    const coloured = await run(`console.log("  \\u001b[32m3 passing\\u001b[39m")`, solidityCounts);
    expect(coloured.counts).to.deep.equal({ passed: 3, failed: 0, skipped: 0 });
  });

  it("has failed when it breaks after counting, is killed, or leaves no counts", async () => {
    const late = `console.log("7 passed, 0 failed, 0 skipped"); process.exit(1)`;
    expect((await run(late, mochaCounts)).counts.failed).to.equal(1);
    const killed = `process.kill(process.pid, "SIGKILL")`;
    expect((await run(killed, mochaCounts)).counts.failed).to.equal(1);
    expect((await run("", mochaCounts)).counts).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
    expect((await run("", solidityCounts)).counts.failed).to.equal(1);
  });

  it("that does not start stops the run", async () => {
    const missing = { name: "missing", command: ["no-such-program"] as const };
    const error = await runStage(missing, tmpdir(), () => undefined).catch((e: unknown) => e);
    expect((error as Error).message).to.equal("no-such-program does not start");
  });
});

describe("the counts", () => {
  it("of mocha stand in the last line that our reporter writes", () => {
    const output =
      "a test prints 1 passed, 1 failed, 1 skipped\n\n12 passed, 3 failed, 4 skipped\n";
    expect(mochaCounts(output)).to.deep.equal({ passed: 12, failed: 3, skipped: 4 });
    expect(mochaCounts("12 passing")).to.equal(undefined);
  });

  it("of Solidity tests stand in Hardhat's summary, where there is one", () => {
    expect(solidityCounts("\n  3 passing\n  1 failing\n  2 skipped\n")).to.deep.equal({
      passed: 3,
      failed: 1,
      skipped: 2,
    });
    expect(solidityCounts("\n  3 passing\n")).to.deep.equal({ passed: 3, failed: 0, skipped: 0 });
    expect(solidityCounts("Running Solidity tests")).to.equal(undefined);
  });

  it("are added, and stand only if nothing failed, and on CI nothing was skipped", () => {
    const one = { passed: 1, failed: 0, skipped: 1 };
    expect(addCounts(one, { passed: 2, failed: 3, skipped: 0 })).to.deep.equal({
      passed: 3,
      failed: 3,
      skipped: 1,
    });
    expect(stands(one, false)).to.equal(true);
    expect(stands(one, true)).to.equal(false);
    expect(stands({ ...one, skipped: 0 }, true)).to.equal(true);
    expect(stands({ passed: 1, failed: 1, skipped: 0 }, false)).to.equal(false);
  });
});
