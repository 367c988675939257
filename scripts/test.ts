/**
 * Everything that must hold, in one command: contracts compile, lint, format, types, Solidity tests, mocha,
 * and what the table of requirements says is shown. Each runs as a process of its own with its output shown;
 * the counts are added, and the last line is the sum. With CI=true a skipped test is a failure.
 *
 * Two cores are enough. What keeps one busy runs beside another; networks of processes have the machine to
 * themselves, for they are tests of what happens when.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "./requirements.ts";
import {
  addCounts,
  type Counts,
  mochaCounts,
  type Run,
  runStage,
  solidityCounts,
  type Stage,
  stands,
} from "./stage.ts";

const root = join(import.meta.dirname, "..");
const isCi = process.env["CI"] === "true";

/** The titles that ran, of both and of each. */
const report = "cache/test-report.json";
const reports = { parts: "cache/test-parts.json", networks: "cache/test-networks.json" };

/** Tests that run networks of processes. A new test is one of a part until it is named here. */
const networks = ["test/{e2e,scripts}/**", "test/readme.test.ts"];
const allButNetworks = ["test/!(e2e|scripts)/**", "test/!(readme).test.ts"];

/** One step after the other; the stages of a step run beside each other. */
const steps: readonly (readonly Stage[])[] = [
  [{ name: "contracts compile", command: ["hardhat", "build"] }],
  [
    { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings"] },
    { name: "format", command: ["biome", "format", "."] },
    { name: "types", command: ["tsc", "--noEmit"] },
    { name: "types in browsers", command: ["tsc", "--noEmit", "--project", "device/web"] },
    { name: "Solidity tests", command: ["hardhat", "test", "solidity"], count: solidityCounts },
  ],
  [mocha("parts", reports.parts, ["--parallel", "--jobs", "2", ...ignoring(networks)])],
  [mocha("networks", reports.networks, ignoring(allButNetworks))],
  [{ name: "requirements", command: ["node", "scripts/requirements.ts", report] }],
];

// What an earlier run showed is not what this one shows.
for (const file of [report, ...Object.values(reports)]) rmSync(join(root, file), { force: true });

let total: Counts = { passed: 0, failed: 0, skipped: 0 };
const table: string[] = [];
for (const step of steps) {
  if (step === steps.at(-1)) mergeReports();
  const runs = await Promise.all(step.map((stage) => run(stage, step.length === 1)));
  for (const [i, { counts, status, seconds }] of runs.entries()) {
    const verdict = counts.failed === 0 ? "holds" : `fails, exit ${status}`;
    table.push(`${step[i]!.name.padEnd(18)} ${seconds.toFixed(1).padStart(6)} s  ${verdict}`);
    total = addCounts(total, counts);
  }
}

print(`\n${table.join("\n")}\n`);
if (isCi && total.skipped > 0) {
  print("\nNothing may be skipped where CI=true: install what the skipped tests name.\n");
}
print(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = stands(total, isCi) ? 0 : 1;

/** A stage that is alone shows its output as it comes; the others each in one piece. */
async function run(stage: Stage, isAlone: boolean): Promise<Run> {
  const title = `\n── ${stage.name}: ${stage.command.join(" ")}\n`;
  if (isAlone) {
    print(title);
    return runStage(stage, root, print);
  }
  let output = "";
  const result = await runStage(stage, root, (text) => (output += text));
  print(title + output);
  return result;
}

function mocha(name: string, file: string, args: readonly string[]): Stage {
  return {
    name: `mocha: ${name}`,
    command: ["mocha", ...args, "--reporter-option", `report=${file}`],
    count: mochaCounts,
  };
}

function ignoring(patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => ["--ignore", pattern]);
}

/** A run that broke off leaves no report, and has failed by itself. */
function mergeReports(): void {
  const all = Object.values(reports).flatMap((file) => {
    try {
      return [JSON.parse(readFileSync(join(root, file), "utf8")) as Report];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return [];
    }
  });
  const merged: Report = {
    passed: all.flatMap(({ passed }) => passed),
    skipped: all.flatMap(({ skipped }) => skipped),
  };
  writeFileSync(join(root, report), `${JSON.stringify(merged, null, 1)}\n`);
}

function print(text: string): void {
  process.stdout.write(text);
}
