/** Many seeds at once, dealt out to threads: each run is a world of its own. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { addTally, simulate, type Tally } from "./simulate.ts";

/** Every `step`th seed from `first` to `last`. */
export type SeedsTask = { readonly first: number; readonly last: number; readonly step: number };

export type SeedsReport = { readonly failed: number | undefined; readonly tally: Tally };

const THREADS = 2;

/**
 * Simulates the seeds 1 to `count` on the real ledger, and says what all of them were made of.
 * @throws what the first seed that fails throws, which is run again to have its error whole.
 */
export async function simulateSeeds(count: number): Promise<Tally> {
  const reports = await Promise.all(
    Array.from({ length: THREADS }, (_, i) =>
      runThread({ first: i + 1, last: count, step: THREADS }),
    ),
  );
  const failed = reports.flatMap((report) => report.failed ?? []);
  if (failed.length > 0) {
    const seed = Math.min(...failed);
    await simulate(seed);
    throw new Error(`TALLYSTICK_SEED=${seed} fails in a thread and not by itself`);
  }
  const total = new Map<string, number>();
  for (const { tally } of reports) addTally(total, tally);
  return total;
}

async function runThread(task: SeedsTask): Promise<SeedsReport> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: task });
  const [report] = (await once(worker, "message")) as [SeedsReport];
  return report;
}
