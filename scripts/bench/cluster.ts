/**
 * Four members as four processes on this machine, with the embedded chain: how many payments a second
 * they settle, from the first submission until the last of the four has folded the last payment, with
 * every write synced and cycles closing meanwhile.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { approve, deposit } from "../../node/chain/calls.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { Outpoint } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { devnetPaths, MEMBERS } from "../devnet/blueprint.ts";
import { Devnet } from "../devnet/network.ts";
import { measureR, median } from "./anchor.ts";
import { measureRefold, type RefoldRate } from "./refold-rate.ts";
import { type Bank, Workload } from "./workload.ts";

export type ClusterRate = {
  /** Settled payments a second: the median of the rounds. */
  readonly perSecond: number;
  readonly rounds: readonly number[];
  /** R as it was before each round: the median. */
  readonly r: number;
  /** Signatures of leaves checked by a node, per leaf that it folded. */
  readonly verifiedPerLeaf: number;
  /** What one payment costs one node, all its threads together, over all rounds. */
  readonly cpuUs: number;
  /** All of it folded again by an auditor. */
  readonly refold: RefoldRate;
};

const DEVICES = 2_000;
const ROUNDS = 5;
/** Not counted, and as many more as pass before a cycle has closed: keys are imported, code is compiled, and again then. */
const WARM_UP_ROUNDS = 3;
const CYCLE_MS = 30_000;
/** Leaves in one submission, and submissions of one member under way at once. */
const CHUNK = 512;
const STREAMS = 2;
/** How often a node is asked how far it is, which costs it, and near the end, which the time is taken from. */
const POLL_MS = 100;
const LAST_POLL_MS = 20;
const LAST_LEAVES = 4_096;

/** @param payments in one round. */
export async function measureCluster(payments: number): Promise<ClusterRate> {
  const folder = await mkdtemp(join(tmpdir(), "tallystick-bench-"));
  try {
    const logger = makeLogger({ name: "bench", level: "error" });
    await using devnet = await Devnet.open({
      folder: join(folder, "devnet"),
      cycleMs: CYCLE_MS,
      logger,
    });
    await devnet.startChain();
    await devnet.deploy();
    await devnet.startNodes([...MEMBERS]);
    const workload = await prepare(devnet, 2 * payments + 2 * DEVICES);
    const makeRound = () => share(workload.makePayments(payments));
    for (let round = 0; round < WARM_UP_ROUNDS || (await openCycle(devnet)) === 1; round++)
      await settle(devnet, makeRound());
    const rounds: number[] = [];
    const anchors: number[] = [];
    let cpuS = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const leaves = makeRound();
      anchors.push(measureR());
      const cpuBeforeS = await cpuSeconds(devnet);
      rounds.push(payments / (await settle(devnet, leaves)));
      cpuS += (await cpuSeconds(devnet)) - cpuBeforeS;
    }
    return {
      perSecond: median(rounds),
      rounds,
      r: median(anchors),
      verifiedPerLeaf: await verifiedPerLeaf(devnet),
      cpuUs: (cpuS * 1e6) / (ROUNDS * payments * MEMBERS.length),
      refold: await measureRefold(devnet),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Enrols the devices and gives them coins, through the nodes like any other money. */
export async function prepare(devnet: Devnet, coins: number): Promise<Workload> {
  const banks = await Promise.all(MEMBERS.map((member) => bankOf(devnet, member)));
  const workload = new Workload(devnet.networkId, banks, DEVICES);
  await settle(devnet, await workload.enrolments());
  const each = Math.ceil((coins * 1.1) / banks.length);
  const levels = await Promise.all(
    banks.map(async (bank) =>
      workload.fanOut(bank, await depositFor(devnet, bank, Workload.vaultAmount(each)), each),
    ),
  );
  for (let level = 0; level < levels[0]!.length; level++) {
    await settle(devnet, new Map(banks.map(({ member }, i) => [member, levels[i]![level]!])));
  }
  return workload;
}

async function bankOf(devnet: Devnet, member: number): Promise<Bank> {
  const key = async (name: string) => {
    const stored = await loadKeyFile(devnetPaths(devnet.folder).memberKey(member, name), "P-256");
    return NodeSigner.fromScalar(stored.reveal());
  };
  return { member, issuer: await key("issuer"), treasury: await key("treasury") };
}

async function depositFor(
  devnet: Devnet,
  { member, treasury }: Bank,
  amount: bigint,
): Promise<Outpoint> {
  await using chain = await devnet.chainOf(member);
  await chain.start();
  await chain.send(approve(devnet.network.contracts.settlement, amount));
  await chain.send(deposit(member, amount));
  const owner = ownerOf(treasury.publicKey);
  const client = devnet.client(member);
  for (;;) {
    const [coin] = (await client.coinsOf(owner)).coins;
    if (coin !== undefined) return coin.outpoint as Outpoint;
    await sleep(50);
  }
}

/** Hands leaves in at their members. Returns the seconds until every node has folded them all. */
export async function settle(
  devnet: Devnet,
  leaves: ReadonlyMap<number, readonly Uint8Array[]>,
): Promise<number> {
  const targets = new Map<number, number>();
  const total = [...leaves.values()].reduce((sum, list) => sum + list.length, 0);
  for (const member of MEMBERS) targets.set(member, (await foldedLeaves(devnet, member)) + total);
  const start = performance.now();
  await Promise.all([...leaves].map(([member, list]) => submitAll(devnet, member, list)));
  for (const [member, target] of targets) {
    for (;;) {
      const left = target - (await foldedLeaves(devnet, member));
      if (left <= 0) break;
      await sleep(left > LAST_LEAVES ? POLL_MS : LAST_POLL_MS);
    }
  }
  return (performance.now() - start) / 1000;
}

async function submitAll(
  devnet: Devnet,
  member: number,
  leaves: readonly Uint8Array[],
): Promise<void> {
  const client = devnet.client(member);
  let at = 0;
  const stream = async () => {
    while (at < leaves.length) {
      const chunk = leaves.slice(at, (at += CHUNK));
      for (;;) {
        try {
          await client.submit(chunk);
          break;
        } catch (error) {
          if (!isRefusal(error, "busy")) throw error;
          await sleep(50);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, stream));
}

/** Leaves applied by a node since it started, from its metrics. */
async function foldedLeaves(devnet: Devnet, member: number): Promise<number> {
  return await metric(devnet, member, "tallystick_leaves_applied");
}

async function openCycle(devnet: Devnet): Promise<number> {
  return (await devnet.client(MEMBERS[0]).status()).openCycle;
}

async function verifiedPerLeaf(devnet: Devnet): Promise<number> {
  const ratios = await Promise.all(
    MEMBERS.map(
      async (member) =>
        (await metric(devnet, member, "tallystick_verified_leaves")) /
        (await foldedLeaves(devnet, member)),
    ),
  );
  return median(ratios);
}

/** Of all nodes together, since they started. */
async function cpuSeconds(devnet: Devnet): Promise<number> {
  const each = MEMBERS.map((member) =>
    metric(devnet, member, "tallystick_process_cpu_seconds_total"),
  );
  return (await Promise.all(each)).reduce((sum, seconds) => sum + seconds, 0);
}

async function metric(devnet: Devnet, member: number, name: string): Promise<number> {
  const text = await (await fetch(`${devnet.apiUrl(member)}/metrics`)).text();
  const line = text
    .split("\n")
    .find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
  return line === undefined ? 0 : Number(line.split(" ").at(-1));
}

export function share(leaves: readonly Uint8Array[]): Map<number, Uint8Array[]> {
  return new Map(
    MEMBERS.map((member, i) => [member, leaves.filter((_, at) => at % MEMBERS.length === i)]),
  );
}
