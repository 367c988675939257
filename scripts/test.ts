/**
 * Everything that must hold, in one command: contracts compile, lint, format, types, Solidity tests, mocha,
 * and what the table of requirements says is shown. Each runs as a process of its own with its output shown;
 * the counts are added, and the last line is the sum. With CI=true a skipped test is a failure.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  addCounts,
  type Counts,
  mochaCounts,
  runStage,
  solidityCounts,
  type Stage,
  stands,
} from "./stage.ts";

const root = join(import.meta.dirname, "..");
const report = "cache/test-report.json";
const isCi = process.env["CI"] === "true";

const stages: readonly Stage[] = [
  { name: "contracts compile", command: ["hardhat", "build"] },
  { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings"] },
  { name: "format", command: ["biome", "format", "."] },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "Solidity tests", command: ["hardhat", "test", "solidity"], count: solidityCounts },
  {
    name: "mocha",
    command: ["mocha", "--reporter-option", `report=${report}`],
    count: mochaCounts,
  },
  { name: "requirements", command: ["node", "scripts/requirements.ts", report] },
];

// What an earlier run showed is not what this one shows.
rmSync(join(root, report), { force: true });

let total: Counts = { passed: 0, failed: 0, skipped: 0 };
const table: string[] = [];
for (const stage of stages) {
  print(`\n── ${stage.name}: ${stage.command.join(" ")}\n`);
  const { counts, status, seconds } = await runStage(stage, root, print);
  const verdict = counts.failed === 0 ? "holds" : `fails, exit ${status}`;
  table.push(`${stage.name.padEnd(18)} ${seconds.toFixed(1).padStart(6)} s  ${verdict}`);
  total = addCounts(total, counts);
}

print(`\n${table.join("\n")}\n`);
if (isCi && total.skipped > 0) {
  print("\nNothing may be skipped where CI=true: install what the skipped tests name.\n");
}
print(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = stands(total, isCi) ? 0 : 1;

function print(text: string): void {
  process.stdout.write(text);
}
