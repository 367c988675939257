/** Simulates the seeds it is given, and says what they were made of or which one failed. */
import { parentPort, workerData } from "node:worker_threads";
import type { SeedsReport, SeedsTask } from "./seeds.ts";
import { addTally, simulate } from "./simulate.ts";

// Whoever reads the report runs the failing seed again; until then nobody reads the stack of a refusal.
Error.stackTraceLimit = 0;

parentPort!.postMessage(await simulateSeeds(workerData as SeedsTask));

async function simulateSeeds({ first, last, step }: SeedsTask): Promise<SeedsReport> {
  const tally = new Map<string, number>();
  for (let seed = first; seed <= last; seed += step) {
    try {
      addTally(tally, await simulate(seed));
    } catch {
      return { failed: seed, tally };
    }
  }
  return { failed: undefined, tally };
}
