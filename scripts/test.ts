/**
 * Everything that must hold, in one command: contracts compile, lint, format, types, Solidity tests, mocha,
 * and what the table of requirements says is shown. Each runs as a process of its own with its output shown;
 * the counts are added, and the last line is the sum. With CI=true a skipped test is a failure.
 */
import { spawn } from "node:child_process";
import { globSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";

type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

type Stage = {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Reads the counts out of what the command printed, if it did; without it, its exit is one check. */
  readonly count?: (output: string) => Counts | undefined;
};

const root = join(import.meta.dirname, "..");
const report = "cache/test-report.json";

const stages: Stage[] = [
  { name: "contracts compile", command: ["hardhat", "build"] },
  { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings"] },
  { name: "format", command: ["biome", "format", "."] },
  { name: "types", command: ["tsc", "--noEmit"] },
  {
    name: "Solidity tests",
    command: ["hardhat", "test", "solidity"],
    count: (output) => {
      if (!/^\s*\d+ passing/m.test(output)) return undefined;
      return {
        passed: sum(output, /^\s*(\d+) passing/gm),
        failed: sum(output, /^\s*(\d+) failing/gm),
        skipped: sum(output, /^\s*(\d+) skipped/gm),
      };
    },
  },
  {
    name: "mocha",
    command: ["mocha", "--reporter-option", `report=${report}`],
    count: (output) => {
      const line = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1);
      if (line === undefined) return undefined;
      return { passed: Number(line[1]), failed: Number(line[2]), skipped: Number(line[3]) };
    },
  },
  { name: "requirements", command: ["node", "scripts/requirements.ts", report] },
];

/** Runs a stage and says what came of it. One that fails, or leaves no counts, has failed at least once. */
async function run({ name, command: [program, ...args], count }: Stage): Promise<Counts> {
  process.stdout.write(`\n── ${name}: ${program} ${args.join(" ")}\n`);
  const started = performance.now();
  const { output, status } = await outputOf(program, args);
  const check: Counts = { passed: status === 0 ? 1 : 0, failed: 0, skipped: 0 };
  const counts = count === undefined ? check : count(output);
  const isFine = status === 0 && counts !== undefined;
  const failed = Math.max(counts?.failed ?? 0, isFine ? 0 : 1);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const verdict = failed === 0 ? "holds" : `fails (exit ${status})`;
  process.stdout.write(`── ${name} ${verdict}, ${seconds} s\n`);
  return { passed: counts?.passed ?? 0, failed, skipped: counts?.skipped ?? 0 };
}

function outputOf(program: string, args: readonly string[]) {
  // Without npm, a bare `node` may be an older one than ours.
  const PATH = [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter);
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.setEncoding("utf8");
    from.on("data", (text: string) => {
      output += text;
      to.write(text);
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<{ output: string; status: number }>();
  child.once("error", reject);
  child.once("close", (code) => resolve({ output, status: code ?? 1 }));
  return promise;
}

function sum(output: string, pattern: RegExp): number {
  return [...output.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
}

rmSync(join(root, report), { force: true });
const hasSolidityTests = globSync("{contracts,test}/**/*.t.sol", { cwd: root }).length > 0;
let total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const stage of stages) {
  if (stage.name === "Solidity tests" && !hasSolidityTests) continue;
  const { passed, failed, skipped } = await run(stage);
  total = {
    passed: total.passed + passed,
    failed: total.failed + failed,
    skipped: total.skipped + skipped,
  };
}
const isSkipAllowed = process.env["CI"] !== "true";
if (!isSkipAllowed && total.skipped > 0) {
  process.stdout.write(
    "\nNothing may be skipped where CI=true: install what the skipped tests name.\n",
  );
}
process.stdout.write(
  `\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`,
);
process.exitCode = total.failed > 0 || (total.skipped > 0 && !isSkipAllowed) ? 1 : 0;
