/**
 * Validation by one node: verify, fold, check the identities and store durably, in CPU time of all
 * threads. The parts are the node's own.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex } from "../../protocol/bytes.ts";
import { decodeLeaf } from "../../protocol/leaf.ts";
import { limits } from "../../protocol/limits.ts";
import { LeafVerifier } from "../../node/verification/verifier.ts";
import { cpuSeconds, median } from "./anchor.ts";
import { PopulatedLedger } from "./populated-ledger.ts";

export type Validation = {
  /** CPU microseconds a record, all of it. */
  readonly recordUs: number;
  /** Of it, without signatures. */
  readonly foldUs: number;
};

export const DEVICES = 2_000;

/** At so many coins. */
export async function measureValidation(coins: number, runs: number): Promise<Validation> {
  const folder = await mkdtemp(join(tmpdir(), "tallystick-bench-"));
  try {
    const size = { coins, devices: DEVICES };
    await using ledger = await PopulatedLedger.make(join(folder, "ledger"), size);
    return await validate(ledger, { runs });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export type Rounds = {
  readonly runs: number;
  /** Payments in each, and in each of its batches. */
  readonly records?: number;
  readonly batch?: number;
};

/** The median of rounds of payments over a ledger. */
export async function validate(
  ledger: PopulatedLedger,
  { runs, records = 16_384, batch = limits.batchLeavesMax }: Rounds,
): Promise<Validation> {
  await using verifier = new LeafVerifier({ networkId: toHex(ledger.networkId), workers: 1 });
  await verifier.start();
  const rounds: Validation[] = [];
  // The first round warms up: keys are imported, code is compiled.
  for (let run = -1; run < runs; run++) {
    const round = await measureRound(ledger, verifier, records, batch);
    if (run >= 0) rounds.push(round);
  }
  return {
    recordUs: median(rounds.map(({ recordUs }) => recordUs)),
    foldUs: median(rounds.map(({ foldUs }) => foldUs)),
  };
}

async function measureRound(
  ledger: PopulatedLedger,
  verifier: LeafVerifier,
  records: number,
  batch: number,
): Promise<Validation> {
  let [verifying, folding] = [0, 0];
  for (let left = records; left > 0; left -= batch) {
    const payments = ledger.workload.makePayments(batch);
    const start = process.cpuUsage();
    const leaves = payments.map(decodeLeaf);
    const verdicts = await verifier.verify(leaves);
    verifying += cpuSeconds(start);
    if (verdicts.some((verdict) => verdict !== undefined))
      throw new Error("a good payment is refused");
    const foldStart = process.cpuUsage();
    await ledger.sequence(leaves);
    folding += cpuSeconds(foldStart);
  }
  const us = 1e6 / records;
  return { recordUs: (verifying + folding) * us, foldUs: folding * us };
}
