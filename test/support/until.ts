/** Waits for what happens in other threads, processes and sockets. */
import { setTimeout as sleep } from "node:timers/promises";

/** Pauses grow with what was waited: a tenth too long at most, and what takes long is not asked for all the time. */
const PAUSE_MIN_MS = 5;
const PAUSE_MAX_MS = 50;

/**
 * Resolves once `condition` holds. A minute costs nothing where all is well, and leaves a machine that has other
 * work to do the time it needs. @throws Error naming `what` if it does not within `ms`.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    const waitedMs = performance.now() - start;
    if (waitedMs > ms) throw new Error(`waited ${ms} ms in vain until ${what}`);
    await sleep(Math.min(Math.max(PAUSE_MIN_MS, waitedMs / 10), PAUSE_MAX_MS));
  }
}
