/** What failed beside others, and is run again: nothing that fails alone passes, and nothing is counted twice. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import {
  countsOf,
  filesAgain,
  type Report,
  unsteady,
  withAgain,
} from "../../scripts/mocha-report.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";

const fail = (file: string, title: string) => ({ file, title });
const run: Report = {
  passed: ["a one", "b one"],
  skipped: ["b two"],
  failed: [fail("a.ts", "a two"), fail("b.ts", 'b "before each" hook')],
};

describe("a report of mocha's", () => {
  const folders = temporaryFolders();

  it("names the files that failed, unless they are many or mocha itself failed", () => {
    expect(filesAgain(run)).to.deep.equal(["a.ts", "b.ts"]);
    expect(filesAgain({ ...run, failed: [] })).to.deep.equal([]);
    const many = ["1", "2", "3", "4", "5"].map((file) => fail(file, file));
    expect(filesAgain({ ...run, failed: many })).to.deep.equal([]);
    expect(filesAgain({ ...run, failed: [fail("", "unhandled")] })).to.deep.equal([]);
  });

  it("counts what passes alone, with the tests that a hook kept from running, and names it as unsteady", () => {
    const again: Report = {
      passed: ["a one", "a two", "b one", "b three"],
      skipped: ["b two"],
      failed: [],
    };
    const whole = withAgain(run, again);
    expect(countsOf(whole)).to.deep.equal({ passed: 4, failed: 0, skipped: 1 });
    expect(whole.passed).to.deep.equal(["a one", "b one", "a two", "b three"]);
    expect(unsteady(run, whole)).to.deep.equal(["a two", 'b "before each" hook']);
  });

  it("keeps as failed what fails alone, also where it passed before", () => {
    const again: Report = {
      passed: ["b one", "a two"],
      skipped: ["b two"],
      failed: [fail("a.ts", "a one")],
    };
    const whole = withAgain(run, again);
    expect(countsOf(whole)).to.deep.equal({ passed: 2, failed: 1, skipped: 1 });
    expect(unsteady(run, whole)).to.include("a two").and.not.include("a one");
    expect(withAgain(run, { ...again, failed: run.failed }).failed).to.deep.equal(run.failed);
  });

  it("keeps as failed what was not met again", () => {
    const whole = withAgain(run, { passed: ["a one", "b one"], skipped: ["b two"], failed: [] });
    expect(whole.failed).to.deep.equal([fail("a.ts", "a two")]);
    expect(unsteady(run, whole)).to.deep.equal(['b "before each" hook']);
  });

  it("is left by our reporter, with the file of each failure, where files run beside each other too", async () => {
    const folder = await folders();
    const [good, bad, report] = ["good.test.mjs", "bad.test.mjs", "report.json"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(good, 'describe("good", () => { it("passes", () => {}); it("waits"); });');
    writeFileSync(
      bad,
      'describe("bad", () => { it("fails", () => { throw new Error("no"); }); describe("hook", () => { before(() => { throw new Error("no"); }); it("never runs", () => {}); }); });',
    );
    const root = join(import.meta.dirname, "../..");
    for (const parallel of [[], ["--parallel", "--jobs=2"]]) {
      const options = ["--no-config", "--reporter=./test/support/reporter.ts", ...parallel];
      const mocha = join(root, "node_modules/mocha/bin/mocha.js");
      const command = [mocha, ...options, `--reporter-option=report=${report}`, good, bad];
      const { status } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
      expect(status).to.equal(2);
      const { passed, skipped, failed } = JSON.parse(readFileSync(report, "utf8")) as Report;
      expect(passed).to.deep.equal(["good passes"]);
      expect(skipped).to.deep.equal(["good waits"]);
      expect(failed).to.deep.equal([
        fail(bad, "bad fails"),
        fail(bad, 'bad hook "before all" hook for "never runs"'),
      ]);
    }
  });
});
