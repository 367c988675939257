/** A stage of the tests: a command of its own, its output shown as it comes, and what it counts. */
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { stripVTControlCharacters } from "node:util";

export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

export type Stage = {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** Reads the counts out of what the command printed, if it did; without it, its exit is one check. */
  readonly count?: (output: string) => Counts | undefined;
};

export type Run = { readonly counts: Counts; readonly status: number; readonly seconds: number };

/**
 * Runs a stage. One that fails, or leaves no counts, has failed at least once.
 * @param show takes the output as it comes.
 */
export async function runStage(
  { command: [program, ...args], count }: Stage,
  root: string,
  show: (text: string) => void,
): Promise<Run> {
  const started = performance.now();
  const { output, status } = await outputOf(program, args, root, show);
  const check: Counts = { passed: status === 0 ? 1 : 0, failed: 0, skipped: 0 };
  const counts = count === undefined ? check : count(stripVTControlCharacters(output));
  const failed = Math.max(counts?.failed ?? 0, status === 0 && counts !== undefined ? 0 : 1);
  return {
    counts: { passed: counts?.passed ?? 0, failed, skipped: counts?.skipped ?? 0 },
    status,
    seconds: (performance.now() - started) / 1000,
  };
}

/** The line that our mocha reporter ends with. */
export function mochaCounts(output: string): Counts | undefined {
  const line = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1);
  if (line === undefined) return undefined;
  return { passed: Number(line[1]), failed: Number(line[2]), skipped: Number(line[3]) };
}

/** What Hardhat's Solidity test runner prints. */
export function solidityCounts(output: string): Counts | undefined {
  const number = (word: string) => {
    const line = new RegExp(`^\\s*(\\d+) ${word}`, "m").exec(output);
    return line === null ? undefined : Number(line[1]);
  };
  const passed = number("passing");
  if (passed === undefined) return undefined;
  return { passed, failed: number("failing") ?? 0, skipped: number("skipped") ?? 0 };
}

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** Whether a run stands: nothing failed, and on CI nothing was skipped. */
export function stands({ failed, skipped }: Counts, isCi: boolean): boolean {
  return failed === 0 && !(isCi && skipped > 0);
}

function outputOf(
  program: string,
  args: readonly string[],
  root: string,
  show: (text: string) => void,
): Promise<{ output: string; status: number }> {
  // Without npm, a bare `node` may be an older one than ours.
  const PATH = [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter);
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      show(text);
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<{ output: string; status: number }>();
  child.once("error", (cause) => reject(new Error(`${program} does not start`, { cause })));
  child.once("close", (code) => resolve({ output, status: code ?? 1 }));
  return promise;
}
