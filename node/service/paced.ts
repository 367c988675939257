/** Long work in the background of a process that serves: in steps, with rests between them. */
import { setTimeout as sleep } from "node:timers/promises";

/**
 * The steps, each after a rest in proportion to what the one before took, its consumer included.
 * @param share of the time that steps may take: from 0 to 1, at which there is no rest.
 */
export async function* paced<T>(
  steps: AsyncIterable<T> | Iterable<T>,
  share: number,
): AsyncGenerator<T> {
  let start = performance.now();
  for await (const step of steps) {
    yield step;
    if (share < 1) await sleep(((performance.now() - start) * (1 - share)) / share);
    start = performance.now();
  }
}
