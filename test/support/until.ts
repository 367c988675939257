/** Waits for what happens in other threads, processes and sockets. */
import { setTimeout as sleep } from "node:timers/promises";

/** Resolves once `condition` holds. @throws Error naming `what` if it does not within `ms`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 20_000,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain until ${what}`);
    await sleep(10);
  }
}
