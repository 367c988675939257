/**
 * Everything that must hold, in one command: contracts compile, lint, format, types, Solidity tests, mocha,
 * and what the table of requirements says is shown. Each runs as a process of its own with its output shown;
 * the counts are added, and the last line is the sum. With CI=true a skipped test is a failure.
 *
 * Two cores are enough: test files run three at a time, for networks of processes wait as much as they work.
 * Each has room for what is short-lived: collecting it in small pieces takes a fifteenth of their time.
 * The longest file comes first (`.mocharc.json`), so that nothing waits for it alone at the end. A file that failed
 * beside others is run again by itself (`mocha-report.ts`).
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shareCompileCache } from "./compile-cache.ts";
import { countsOf, filesAgain, type Report, unsteady, withAgain } from "./mocha-report.ts";
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

/** What ran, and what ran again. */
const report = "cache/test-report.json";
const reportAgain = "cache/test-report-again.json";

const mocha: Stage = {
  name: "mocha",
  command: [
    "mocha",
    "--max-semi-space-size=64",
    "--parallel",
    "--jobs=3",
    `--reporter-option=report=${report}`,
  ],
  count: mochaCounts,
};

/** One step after the other; the stages of a step run beside each other. */
const steps: readonly (readonly Stage[])[] = [
  // The compiler leaves a core idle at its end: what needs none of the types that it makes comes beside it.
  [
    { name: "contracts compile", command: ["hardhat", "build"] },
    { name: "format", command: ["biome", "format", "."] },
    { name: "types in browsers", command: ["tsc", "--noEmit", "--project", "device/web"] },
    { name: "types in payment", command: ["tsc", "--noEmit", "--project", "gateway/web"] },
    { name: "types in the console", command: ["tsc", "--noEmit", "--project", "node/web"] },
  ],
  [
    { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings"] },
    { name: "types", command: ["tsc", "--noEmit"] },
    { name: "Solidity tests", command: ["hardhat", "test", "solidity"], count: solidityCounts },
  ],
  [mocha],
  [{ name: "requirements", command: ["node", "scripts/requirements.ts", report] }],
];

// For all the processes that tests start, over and over.
shareCompileCache();

// What an earlier run showed is not what this one shows.
for (const file of [report, reportAgain]) rmSync(join(root, file), { force: true });

let total: Counts = { passed: 0, failed: 0, skipped: 0 };
const table: string[] = [];
for (const step of steps) {
  const runs = await Promise.all(
    step.map((stage) => (stage === mocha ? runMocha() : run(stage, step.length === 1))),
  );
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

async function runMocha(): Promise<Run> {
  const first = await run(mocha, true);
  const before = readReport(report);
  const files = before === undefined ? [] : filesAgain(before);
  if (before === undefined || files.length === 0) return first;
  const { reporter, timeout } = JSON.parse(readFileSync(join(root, ".mocharc.json"), "utf8"));
  const options = [`--reporter=${reporter}`, `--timeout=${timeout}`];
  const again = await run(
    {
      ...mocha,
      name: "mocha again",
      command: [
        "mocha",
        "--no-config",
        ...options,
        `--reporter-option=report=${reportAgain}`,
        ...files,
      ],
    },
    true,
  );
  const seconds = first.seconds + again.seconds;
  const after = readReport(reportAgain);
  if (after === undefined) return { ...first, seconds };
  const whole = withAgain(before, after);
  writeFileSync(join(root, report), JSON.stringify(whole));
  for (const title of unsteady(before, whole))
    table.push(`unsteady, failed beside others: ${title}`);
  const { failed, ...counts } = countsOf(whole);
  return {
    counts: { ...counts, failed: Math.max(failed, again.counts.failed) },
    status: again.status,
    seconds,
  };
}

/** Absent where mocha broke off before its end. */
function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

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

function print(text: string): void {
  process.stdout.write(text);
}
