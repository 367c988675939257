/**
 * What the chain costs: each row of the cost target that exists, measured behind proxies on Hardhat's
 * in-process chain. `npm run gas` prints them and fails when a target is missed.
 */
import { network } from "hardhat";
import type { BatchHeader } from "../../protocol/batch.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import { limits } from "../../protocol/limits.ts";
import type { Output } from "../../protocol/output.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { toHex } from "../../protocol/bytes.ts";
import {
  type Connection,
  type Consortium,
  deployConsortium,
  seed,
  sequence,
  settle,
  START,
} from "./consortium.ts";
import { applyIds, coinOf, device, idOf, proofOf, spend } from "./double-spends.ts";

export type GasRow = {
  readonly name: string;
  /** Gas, or gas per payment where the name says so. */
  readonly value: number;
  /** What it may be at most. Rows without one are printed for the reader. */
  readonly target?: number;
};

/** Full batches in a cycle that a payment's share is reckoned over. */
const BATCHES_PER_CYCLE = 32;
const PAYMENTS_PER_CYCLE = BATCHES_PER_CYCLE * limits.batchLeavesMax;

/** Measures on chains of its own. About 10 seconds. */
export async function measureGas(): Promise<GasRow[]> {
  const four = await measureCycle(4);
  const sixteen = await measureCycle(16);
  const report = await measureReport(await network.create());
  const reportWithout = await measureReport(await network.create({ network: "prague" }));
  return [
    { name: "sequence, 4 members, 3 endorsements", value: four.sequence, target: 76_000 },
    { name: "per payment, 4 members", value: four.perPayment, target: 20 },
    { name: "per payment, 16 members", value: sixteen.perPayment, target: 40 },
    { name: "sequence, 16 members, 11 endorsements", value: sixteen.sequence },
    { name: "closeCycle", value: four.closeCycle },
    { name: "settle, 4 members, every one with a position", value: four.settle },
    { name: "settle, 16 members, every one with a position", value: sixteen.settle },
    { name: "report, paid, with the P-256 precompile", value: report.paid, target: 200_000 },
    { name: "report, queued, with the P-256 precompile", value: report.queued },
    { name: "report, paid, without the precompile", value: reportWithout.paid },
    { name: "payQueue, of one debt", value: report.payQueue },
    { name: "deposit", value: four.deposit },
    { name: "withdraw", value: four.withdraw },
  ];
}

/**
 * The second cycle of a consortium: the first fills slots that later ones overwrite. In each, every
 * member puts batches forward, deposits, and ends with a position and a withdrawal.
 */
async function measureCycle(memberCount: number) {
  const connection = await network.create();
  try {
    const consortium = await deployConsortium(connection, memberCount);
    await runCycle(consortium, 1);
    const { sequence, closeCycle, settle, deposit, withdraw } = await runCycle(consortium, 2);
    const perPayment = (BATCHES_PER_CYCLE * sequence + closeCycle + settle) / PAYMENTS_PER_CYCLE;
    return { sequence, closeCycle, settle, deposit, withdraw, perPayment };
  } finally {
    await connection.close();
  }
}

async function runCycle(consortium: Consortium, cycle: number) {
  const { settlement, members, connection } = consortium;
  const first = members[0]!;
  const deposits: number[] = [];
  for (const { id, operator } of members) {
    deposits.push(await gasOf(settlement.connect(operator).deposit(id, 1_000_000n)));
  }
  const batches: number[] = [];
  for (const { id } of members) batches.push(await gasOf(sequence(consortium, batchOf(id, cycle))));

  await connection.provider.request({ method: "evm_increaseTime", params: [60] });
  const closeCycle = await gasOf(settlement.connect(first.operator).closeCycle());
  const settled = await gasOf(settle(consortium, await checkpointOf(consortium, cycle)));
  const withdraw = await gasOf(settlement.connect(first.operator).withdraw());
  return {
    sequence: Math.max(...batches),
    closeCycle,
    settle: settled,
    deposit: Math.max(...deposits),
    withdraw,
  };
}

/**
 * The second report of a network: of a device that was never reported before, in a cycle of full batches.
 * The first one fills slots that all later ones overwrite. The third is of a member without a bond.
 */
async function measureReport(connection: Connection) {
  try {
    const consortium = await deployConsortium(connection, 4);
    const { disputes, members } = consortium;
    const operator = disputes.connect(members[0]!.operator);
    await operator.depositBond(1, 10n * START.guarantee);
    const spends = [1, 1, 2].map((member, seq) => {
      const by = device(`device ${seq}`, member);
      const coin = coinOf(consortium, by, START.guarantee, seq + 1);
      const [winner, loser] = ["winner", "loser"].map((name) =>
        spend(consortium, { name, coins: [coin], by, outputs: halves(coin.output) }),
      ) as [SignedRecord, SignedRecord];
      return { coin, winner, loser };
    });
    const ids = spends.map(({ winner }) => idOf(consortium, winner));
    const others = Array.from({ length: PAYMENTS_PER_CYCLE - ids.length }, (_, at) =>
      toHex(seed(`record ${at}`)),
    );
    const applied = await applyIds(consortium, [...others, ...ids]);
    const report = (at: number) =>
      gasOf(operator.report(proofOf(consortium, { ...spends[at]!, applied })));
    await report(0);
    const [paid, queued] = [await report(1), await report(2)];
    await operator.depositBond(2, START.guarantee);
    return { paid, queued, payQueue: await gasOf(operator.payQueue(2, 1)) };
  } finally {
    await connection.close();
  }
}

/** A payment and its change. */
function halves(output: Output): Output[] {
  const part = { ...output, amount: output.amount / 2n };
  return [part, part];
}

/** The largest batch there is. */
function batchOf(member: number, number: number): BatchHeader {
  const root = toHex(seed(`root ${member} ${number}`));
  return { member, number, count: limits.batchLeavesMax, root };
}

/** Members of even and odd id exchange reserves, and each burns a little. */
async function checkpointOf(consortium: Consortium, cycle: number): Promise<Checkpoint> {
  const { members, settlement } = consortium;
  const { boundary, inflow } = await settlement.getCycle(cycle);
  const before = (await settlement.getCycle(cycle - 1)).supply;
  const withdrawn = 1000n;
  return {
    number: cycle,
    seq: Number(boundary),
    applied: PAYMENTS_PER_CYCLE,
    appliedRoot: toHex(seed(`applied ${cycle}`)),
    supply: before + inflow - withdrawn * BigInt(members.length),
    positions: members.map(({ id }) => ({
      member: id,
      delta: id % 2 === 0 ? 123_456n : -123_456n,
      withdrawn,
    })),
    stateRoot: toHex(seed(`state ${cycle}`)),
  };
}

async function gasOf(
  sent: Promise<{ wait(): Promise<{ readonly gasUsed: bigint } | null> }>,
): Promise<number> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("the transaction was not mined");
  return Number(receipt.gasUsed);
}

/** Prints the rows; says whether every target is met. */
export function reportGas(rows: readonly GasRow[], print: (line: string) => void): boolean {
  let met = true;
  for (const { name, value, target } of rows) {
    const missed = target !== undefined && value > target;
    met &&= !missed;
    const shown = value < 1000 ? value.toFixed(2) : value.toLocaleString("en");
    const bound = target === undefined ? "" : `  at most ${target.toLocaleString("en")}`;
    print(`${name.padEnd(48)}${shown.padStart(9)}${bound}${missed ? "  MISSED" : ""}`);
  }
  return met;
}

if (import.meta.main) {
  const met = reportGas(await measureGas(), (line) => process.stdout.write(`${line}\n`));
  if (!met) process.exitCode = 1;
}
