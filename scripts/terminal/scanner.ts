/** A scanner that is a program: it prints the text of each code it sees, on a line of its own. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Refusal } from "../../protocol/refusal.ts";
import { frameIn } from "../scanned-line.ts";

/**
 * @param command as a shell runs it.
 * @param report of a scanner that ends by itself, and of what `take` throws.
 */
export function startScanner(
  command: string,
  take: (text: string) => Promise<void>,
  report: (problem: unknown) => void,
): Disposable {
  // A group of its own, so that what the shell has started ends with it.
  const child = spawn(command, {
    shell: true,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let isStopped = false;
  child.once("close", (code) => {
    if (!isStopped)
      report(new Refusal("unavailable", `the scanner ended with ${code}: ${command}`));
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const frame = frameIn(line);
    if (frame !== undefined) take(frame).catch(report);
  });
  return {
    [Symbol.dispose]() {
      isStopped = true;
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid);
    },
  };
}
