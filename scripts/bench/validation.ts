/**
 * Validation by one node: verify, fold, check the identities and store durably, at a given number of
 * coins, in CPU time of all threads. The parts are the node's own.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex } from "../../protocol/bytes.ts";
import { LeafVerifier } from "../../node/verification/verifier.ts";
import { cpuSeconds, median } from "./anchor.ts";
import { PopulatedLedger } from "./populated-ledger.ts";

export type Validation = {
  readonly coins: number;
  /** Records a second on one core: the median of the rounds. */
  readonly perCore: number;
  /** Of it, CPU microseconds a record, signatures left out. */
  readonly foldUs: number;
  /** Bytes of coins and owners in memory, per million coins. */
  readonly bytesPerMillion: number;
};

const DEVICES = 2_000;
const ROUNDS = 5;
const ROUND_RECORDS = 16_384;
const BATCH = 4_096;

export async function measureValidation(coins: number): Promise<Validation> {
  const folder = await mkdtemp(join(tmpdir(), "tallystick-bench-"));
  try {
    await using ledger = await PopulatedLedger.make(join(folder, "ledger"), {
      coins,
      devices: DEVICES,
    });
    await using verifier = new LeafVerifier({ networkId: toHex(ledger.networkId), workers: 1 });
    await verifier.start();
    const rates: number[] = [];
    const folds: number[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const payments = ledger.workload.makePayments(ROUND_RECORDS);
      const start = process.cpuUsage();
      let foldSeconds = 0;
      for (let at = 0; at < payments.length; at += BATCH) {
        const batch = payments.slice(at, at + BATCH);
        const verdicts = await verifier.verify(batch);
        if (verdicts.some((verdict) => verdict !== undefined))
          throw new Error("a good payment is refused");
        const foldStart = process.cpuUsage();
        await ledger.sequence(batch);
        foldSeconds += cpuSeconds(foldStart);
      }
      // The first round warms up: keys are imported, code is compiled.
      if (round < 0) continue;
      rates.push(payments.length / cpuSeconds(start));
      folds.push((foldSeconds / payments.length) * 1e6);
    }
    const bytesPerMillion = (ledger.state.sizeBytes / ledger.state.coinCount) * 1e6;
    return { coins, perCore: median(rates), foldUs: median(folds), bytesPerMillion };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
