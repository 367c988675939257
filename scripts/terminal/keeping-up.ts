/**
 * A till syncs by itself: whenever something waits and a gateway can be reached, and otherwise now and
 * then, so that it knows who was revoked. Being out of reach is how a till often is: it is said once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Till } from "./till.ts";

/** How old what a till knows may become while nothing waits. */
const STALE_MS = 15 * 60_000;

export type KeepingUpOptions = {
  /** How often it tries while something waits. */
  readonly everyMs: number;
  readonly note: (lines: readonly string[]) => void;
  readonly signal: AbortSignal;
};

/** Goes on until the signal. */
export async function keepUp(
  till: Till,
  { everyMs, note, signal }: KeepingUpOptions,
): Promise<void> {
  let isAway = false;
  let syncedAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    if (till.isBehind || performance.now() - syncedAt > STALE_MS) {
      const problem = await syncProblem(till);
      if (problem === undefined) syncedAt = performance.now();
      if (problem !== undefined && !isAway) note([`Not synced: ${problem}.`]);
      isAway = problem !== undefined;
    }
    await sleep(everyMs, undefined, { signal }).catch((error: Error) => {
      if (error.name !== "AbortError") throw error;
    });
  }
}

async function syncProblem(till: Till): Promise<string | undefined> {
  try {
    await till.syncQuietly();
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error.detail;
  }
}
