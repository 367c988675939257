/**
 * Mocha's spec report, closed by the one plain line that the test script adds up. With the option `report`
 * it also leaves the titles of what passed and what was skipped in a file, against which the requirements are checked.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import Mocha from "mocha";

type Report = { readonly passed: string[]; readonly skipped: string[] };

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const report: Report = { passed: [], skipped: [] };
    runner.on("pass", (test) => report.passed.push(test.fullTitle()));
    runner.on("pending", (test) => report.skipped.push(test.fullTitle()));
    runner.once("end", () => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      const file: unknown = options.reporterOptions?.report;
      if (typeof file === "string") writeReport(file, report);
      process.stdout.write(`\n${passes} passed, ${failures} failed, ${pending} skipped\n`);
    });
  }
}

function writeReport(file: string, report: Report): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
}
