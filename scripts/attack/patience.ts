/** Waiting for what others do, and doing many things without doing all of them at once. */
import { setTimeout as sleep } from "node:timers/promises";

/** A loaded machine, and a thousand payees. */
const PATIENCE_MS = 240_000;
const PAUSE_MS = 100;

/** @throws Error naming what did not come to be. */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  for (const end = Date.now() + patienceMs; !(await isSo()); await sleep(PAUSE_MS)) {
    if (Date.now() > end) throw new Error(`waited ${patienceMs / 1000} s in vain until ${what}`);
  }
}

/** Works on all of `items`, `width` of them at a time. @returns the results, in the order of the items. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const left = [...items.entries()].values();
  const worker = async () => {
    for (const [index, item] of left) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
