/**
 * What a ledger of many coins costs beside one of few: CPU time a record, and how long a process takes from
 * its start until it serves. The ledger is made once for both.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, link, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cpuSeconds, median } from "./anchor.ts";
import { PopulatedLedger } from "./populated-ledger.ts";
import { DEVICES, validate } from "./validation.ts";

export type LargeLedger = {
  readonly coins: number;
  /** CPU microseconds a record at `FEW_COINS`, and here. */
  readonly fewUs: number;
  readonly manyUs: number;
  /** From the start of a process until it has loaded the ledger, answered and stored an event. */
  readonly restartS: number;
  /** Of it, CPU of all threads. */
  readonly restartCpuS: number;
};

export const FEW_COINS = 10_000;
/** Coins kept to pay with. */
const KEPT = 200_000;
/** Of few coins, all can be spent in one batch of so many payments. */
const BATCH = 2_048;
/** In a round: enough that LevelDB's merging of what they write is in it. */
const RECORDS = 32_768;
/** LevelDB merges in the background what was written before: until it uses less CPU than this. */
const QUIET = { everyMs: 2_000, cpuSeconds: 0.05 };

export async function measureLargeLedger(coins: number, runs: number): Promise<LargeLedger> {
  const folder = await mkdtemp(join(tmpdir(), "tallystick-bench-"));
  const many = join(folder, "many");
  try {
    const { fewUs, manyUs } = await measureGrowth(folder, many, coins, runs);
    const restarts: Restart[] = [];
    for (let run = 0; run < runs; run++) {
      // Each run starts from the same files: LevelDB puts its log into a table when it opens.
      const copy = join(folder, `restart ${run}`);
      await copyDatabase(many, copy);
      restarts.push(await restart(copy));
    }
    const restartS = median(restarts.map(({ seconds }) => seconds));
    const restartCpuS = median(restarts.map((each) => each.cpuSeconds));
    return { coins, fewUs, manyUs, restartS, restartCpuS };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureGrowth(folder: string, many: string, coins: number, runs: number) {
  const every = Math.max(1, Math.floor(coins / KEPT));
  await using large = await PopulatedLedger.make(many, { coins, devices: DEVICES, every });
  const size = { coins: FEW_COINS, devices: DEVICES };
  await using small = await PopulatedLedger.make(join(folder, "few"), size);
  const rounds = { runs, records: RECORDS, batch: BATCH };
  await untilQuiet();
  const few = await validate(small, rounds);
  const more = await validate(large, rounds);
  return { fewUs: few.recordUs, manyUs: more.recordUs };
}

async function untilQuiet(): Promise<void> {
  for (;;) {
    const start = process.cpuUsage();
    await sleep(QUIET.everyMs);
    if (cpuSeconds(start) < QUIET.cpuSeconds) return;
  }
}

/** Files that are never written again are shared. */
async function copyDatabase(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) {
    const isFixed = /\.ldb$|^STATE-/.test(name);
    await (isFixed ? link : copyFile)(join(from, name), join(to, name));
  }
}

type Restart = { readonly seconds: number; readonly cpuSeconds: number };

/** Starts a process on the ledger in `folder`, and waits until it serves. */
async function restart(folder: string): Promise<Restart> {
  const script = fileURLToPath(new URL("restart-child.ts", import.meta.url));
  const start = performance.now();
  const child = spawn(process.execPath, [script, folder], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the process that restarts ended with ${code}`);
  });
  const [served] = (await Promise.race([once(child, "message"), ended])) as [
    { cpuSeconds: number },
  ];
  const seconds = (performance.now() - start) / 1000;
  child.disconnect();
  await ended.catch(() => undefined);
  return { seconds, cpuSeconds: served.cpuSeconds };
}
