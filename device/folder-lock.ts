/**
 * One living process at a time has a purse open: two would pay with the same coins. A process writes a
 * claim that bears its name, then looks around, and withdraws where another living process has one; of
 * two that come at once, at least one sees the other. The claims of the dead are swept away. Node only.
 */
import { readFileSync } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "../protocol/refusal.ts";

/** claim.<process id>.<when it began>: a number that is used again is not the same process. */
const CLAIM = /^claim\.(\d+)\.(\w+)$/;

/** @returns the claim's path, to be removed. @throws Refusal `in-use` naming the process that has it. */
export async function claimFolder(folder: string): Promise<string> {
  const own = `claim.${process.pid}.${birthOf(process.pid)}`;
  const path = join(folder, own);
  try {
    await using _claim = await open(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Refusal("in-use", `this process, ${process.pid}, has ${folder} open already`);
  }
  for (const name of await readdir(folder)) {
    const claim = CLAIM.exec(name);
    if (claim === null || name === own) continue;
    const [, pid, birth] = claim;
    if (isAlive(Number(pid), birth!)) {
      await rm(path, { force: true });
      throw new Refusal("in-use", `process ${pid} has ${folder} open`);
    }
    await rm(join(folder, name), { force: true });
  }
  return path;
}

function isAlive(pid: number, birth: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return birthOf(pid) === birth;
}

/** When a process began, in ticks since a boot that is named too; one word where only Linux would know. */
function birthOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8);
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field, the command's name in brackets, may hold anything.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? "ended" : `${boot}_${rest[18]}`;
  } catch {
    return "unknown";
  }
}
