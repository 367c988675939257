/**
 * The history as an auditor comes to it: folded again from the chain and the bytes of batches, on this
 * machine, and what it says of the money.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BondEntry } from "../../node/chain/disputes.ts";
import type { ContractReader } from "../../node/chain/reader.ts";
import { showCycle, stateStatement } from "../../node/evidence/settlement-export.ts";
import type { BatchSource } from "../../node/refold/batch-source.ts";
import type { CycleFinding, Finding } from "../../node/refold/finding.ts";
import { openNodeFolder } from "../../node/refold/node-folder.ts";
import { Refold, type RefoldProgress } from "../../node/refold/refold.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import type { Amount } from "../../protocol/money.ts";
import type { Outpoint } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { stateKey } from "../../protocol/state-entry.ts";
import { formatStateStatement } from "../../protocol/state-statement.ts";
import type { AdminSession } from "../admin/session.ts";
import { type Report, tableLines } from "../report.ts";
import { type Access, nodeAt } from "../service-access.ts";

export type HistoryOptions = Access & {
  /** Where the bytes of batches are: a node's API, or the data folder of one that is stopped. */
  readonly node?: string;
  readonly data?: string;
  /** Where the ledger is kept for the next time; nowhere otherwise. */
  readonly folder?: string;
};

type Refolded = {
  readonly finding: Finding;
  /** Those compared in this run. */
  readonly cycles: readonly CycleFinding[];
  readonly leaves: number;
  readonly seconds: number;
};

/** @throws Refusal naming the first thing that does not hold. */
export async function verifyHistory(
  session: AdminSession,
  options: HistoryOptions,
  onProgress: (progress: RefoldProgress) => void,
): Promise<Report> {
  const { finding, cycles, leaves, seconds } = await refold(session, options, onProgress);
  const rate = Math.round(leaves / Math.max(seconds, 0.001));
  const last = cycles.at(-1);
  return {
    lines: [
      `Events 1 to ${finding.seq} folded again, with ${leaves} leaves, each signature checked: ${rate} a second.`,
      ...(last === undefined
        ? ["No cycle has settled since the last time."]
        : [
            `${cycles.length} checkpoints are as they were settled, the last of cycle ${last.cycle}: ${last.stateRoot}`,
          ]),
      `Coins of ${session.format(finding.supply)} are covered by reserves, member by member.`,
    ],
    data: { ...finding, cycles, leaves, seconds, rate },
  };
}

/** What was issued and redeemed, who holds it, what is in dispute: by the chain and by the ledger folded here. */
export async function supplyReport(
  session: AdminSession,
  options: HistoryOptions,
  onProgress: (progress: RefoldProgress) => void,
): Promise<Report> {
  const { finding } = await refold(session, options, onProgress);
  const { reader, network } = session.client;
  const issued = await inflowUntil(reader, finding.blockNumber);
  const bonds =
    network.contracts.disputes === undefined
      ? []
      : await Promise.all(finding.members.map(({ member }) => reader.bond(member)));
  const redeemed = issued - finding.supply;
  const inDispute = bonds.reduce((sum, { queued, claimed }) => sum + queued + claimed, 0n);
  const format = (amount: Amount) => session.format(amount);
  return {
    lines: [
      `After event ${finding.seq}, in block ${finding.blockNumber}:`,
      `  issued     ${format(issued)}  reserves that entered, by deposits and by bonds`,
      `  redeemed   ${format(redeemed)}  burnt, settled or not yet`,
      `  in coins   ${format(finding.supply)}  added up from the ledger, and what the chain must hold`,
      `  in dispute ${format(inDispute)}  debts that wait for bonds, and what open cases ask`,
      "",
      ...tableLines(
        [
          "member",
          "coins",
          "burnt, unsettled",
          "moved, unsettled",
          "reserve",
          "bond",
          "in dispute",
        ],
        finding.members.map(({ member, coins, burnt, moved, reserve }, i) => [
          `${member}`,
          ...[coins, burnt, moved, reserve].map(format),
          ...bondCells(bonds[i], format),
        ]),
      ),
      "",
      "For each: coins + burnt = reserve + moved, to the last unit.",
    ],
    data: { ...finding, issued, redeemed, inDispute, bonds },
  };
}

/**
 * The text of the statement that a coin stood unspent at the end of the last settled cycle.
 * @throws Refusal `not-found` where it did not: it was spent by then, or not made yet.
 */
export async function unspentStatement(
  session: AdminSession,
  outpoint: Outpoint,
  options: Omit<HistoryOptions, "folder">,
  onProgress: (progress: RefoldProgress) => void,
): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const own = await openRefold(session, options, stack);
  const { signed, placeOf } = await own.runToSettled(onProgress);
  const found = await placeOf(stateKey.coin(outpoint));
  if (found !== undefined)
    return formatStateStatement(
      stateStatement(session.network.networkId, found, showCycle(signed)),
    );
  const { number } = signed.checkpoint;
  const text = `coin ${outpoint} was not there, unspent, at the end of cycle ${number}`;
  throw new Refusal("not-found", text);
}

async function refold(
  session: AdminSession,
  options: HistoryOptions,
  onProgress: (progress: RefoldProgress) => void,
): Promise<Refolded> {
  await using stack = new AsyncDisposableStack();
  const own = await openRefold(session, options, stack);
  const cycles: CycleFinding[] = [];
  let leaves = 0;
  const started = performance.now();
  const finding = await own.run((progress) => {
    if (progress.cycle !== undefined) cycles.push(progress.cycle);
    leaves = progress.leaves;
    onProgress(progress);
  });
  return { finding, cycles, leaves, seconds: (performance.now() - started) / 1000 };
}

async function openRefold(
  session: AdminSession,
  options: HistoryOptions,
  stack: AsyncDisposableStack,
): Promise<Refold> {
  const batches = await batchesOf(session, options, stack);
  const path = options.folder ?? (await scratch(stack));
  const logger = makeLogger({ name: "audit", level: "warn" });
  const { network, client: chain } = session;
  return stack.use(await Refold.open(path, { network, chain, batches, logger }));
}

/** @throws Refusal `malformed` unless one place is named. */
async function batchesOf(
  { network }: AdminSession,
  { node, data, ...access }: HistoryOptions,
  stack: AsyncDisposableStack,
): Promise<BatchSource> {
  if (node !== undefined && data === undefined) {
    const client = await nodeAt(node, access);
    return (root) => client.batch(root);
  }
  if (data !== undefined && node === undefined) {
    return stack.use(await openNodeFolder(data, network.networkId)).batches;
  }
  throw new Refusal("malformed", "say with --node or with --data where the bytes of batches are");
}

async function scratch(stack: AsyncDisposableStack): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "tallystick-audit-"));
  stack.defer(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** All that ever entered, cycle by cycle, by the contracts. */
async function inflowUntil(reader: ContractReader, block: number): Promise<Amount> {
  const [open] = await reader.read("settlement", "openCycle", [], block);
  let sum = 0n;
  for (let cycle = 1; cycle <= Number(open); cycle++) {
    sum += (await reader.cycle(cycle, block)).inflow;
  }
  return sum;
}

function bondCells(bond: BondEntry | undefined, format: (amount: Amount) => string): string[] {
  return bond === undefined
    ? ["–", "–"]
    : [format(bond.amount), format(bond.queued + bond.claimed)];
}
