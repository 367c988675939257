/**
 * Mocha's spec report, closed by the one plain line that the test script adds up. With the option `report`
 * it also leaves in a file which tests passed, were skipped and failed: against that the requirements are checked,
 * and what failed is run again.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import Mocha from "mocha";
import type { Failure, Report } from "../../scripts/mocha-report.ts";

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const passed: string[] = [];
    const skipped: string[] = [];
    const failed: Failure[] = [];
    runner.on("pass", (test) => passed.push(test.fullTitle()));
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    runner.on("fail", (test) => failed.push({ title: test.fullTitle(), file: test.file ?? "" }));
    runner.once("end", () => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      const file: unknown = options.reporterOptions?.report;
      if (typeof file === "string") writeReport(file, { passed, skipped, failed });
      process.stdout.write(`\n${passes} passed, ${failures} failed, ${pending} skipped\n`);
    });
  }
}

function writeReport(file: string, report: Report): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
}
