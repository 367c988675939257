/**
 * At most one living process holds a folder. Each writes a claim that bears its own name, then looks
 * around: where another living process has a claim, it withdraws. Since it writes before it looks, of
 * two that come at once at least one sees the other; both may withdraw, never both stay. The claims
 * of the dead, kill -9 included, are swept away by the next to come.
 */
import { readFileSync } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "../../protocol/refusal.ts";

/** lock.<process id>.<when it began>: a number that is used again is not the same process. */
const CLAIM = /^lock\.(\d+)\.(\w+)$/;
/** Where the system does not say when a process began. */
const UNKNOWN = "unknown";

export class FolderLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws Refusal `in-use` naming the process that has it, this one included. */
  static async acquire(folder: string): Promise<FolderLock> {
    const own = `lock.${process.pid}.${birthOf(process.pid) ?? UNKNOWN}`;
    const lock = new FolderLock(join(folder, own));
    await lock.#claim(folder);
    for (const name of await readdir(folder)) {
      const claim = CLAIM.exec(name);
      if (claim === null || name === own) continue;
      const pid = Number(claim[1]);
      if (isAlive(pid, claim[2]!)) {
        await lock.release();
        throw new Refusal("in-use", `process ${pid} has ${folder} open`);
      }
      await rm(join(folder, name), { force: true });
    }
    return lock;
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async #claim(folder: string): Promise<void> {
    try {
      const file = await open(this.#path, "wx", 0o600);
      await file.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new Refusal("in-use", `this process, ${process.pid}, has ${folder} open already`);
    }
  }
}

export function isLockFile(name: string): boolean {
  return CLAIM.test(name);
}

function isAlive(pid: number, birth: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const found = birthOf(pid);
  return found === undefined || birth === UNKNOWN || found === birth;
}

/**
 * When a process began, as clock ticks since this boot, which is named too. Linux alone says so.
 * A process that has ended and waits for its parent to notice gives another answer: it is dead.
 */
function birthOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8);
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field, the command's name in brackets, may hold anything.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? "ended" : `${boot}_${rest[18]}`;
  } catch {
    return undefined;
  }
}
