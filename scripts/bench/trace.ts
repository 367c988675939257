/**
 * How long a trace takes over a ledger of many records, at the most that the API lets anyone ask for, and how
 * fast the index for it is made. Ledger, leaves and index are a node's own, and the records are real ones;
 * signatures are not checked, as a trace looks at them only where two records name one coin.
 */
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConflictBook } from "../../node/evidence/conflict-book.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import { ledgerFiles } from "../../node/store/ledger-store.ts";
import { LeafStore } from "../../node/store/leaf-store.ts";
import type { TraceStart } from "../../node/trace/start.ts";
import { Traces } from "../../node/trace/trace.ts";
import type { TraceNode } from "../../node/trace/graph.ts";
import type { Direction } from "../../node/trace/walk.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { decodeLeaf } from "../../protocol/leaf.ts";
import { limits } from "../../protocol/limits.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { cpuSeconds, median } from "./anchor.ts";
import { PopulatedLedger } from "./populated-ledger.ts";

export type Tracing = {
  readonly queries: readonly Query[];
  /** Records that are indexed in a second, and CPU microseconds of one of them. */
  readonly indexedPerSecond: number;
  readonly indexedUs: number;
};

export type Query = {
  readonly name: string;
  readonly samples: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** Nodes or flows in an answer: the median. */
  readonly found: number;
};

const MEMBERS = 4;
/** So many for each owner that signs; as many again pay it. */
const RECORDS_PER_OWNER = 50;
/** Coins that go from hand to hand: few, so that each has a long way; enough for a batch of payments of two. */
const COINS_PER_OWNER = 2;
const COINS_MIN = 4 * limits.batchLeavesMax;
const BATCHES_PER_CYCLE = 4;
/** Of each query, after some that warm up. */
const SAMPLES = 200;
const WARM_UP = 20;

export async function measureTrace(records: number): Promise<Tracing> {
  const folder = await mkdtemp(join(tmpdir(), "tallystick-bench-"));
  try {
    await using leafFiles = await makeDatabase(join(folder, "leaves"));
    await using bookFiles = await makeDatabase(join(folder, "evidence"));
    await using indexFiles = await makeDatabase(join(folder, "trace"));
    const leaves = new LeafStore(leafFiles);
    const devices = Math.max(MEMBERS, Math.ceil(records / RECORDS_PER_OWNER));
    const coins = Math.max(COINS_MIN, COINS_PER_OWNER * devices);
    const size = { coins, devices, members: MEMBERS, leaves };
    await using ledger = await PopulatedLedger.make(join(folder, "ledger"), size);
    const failures: Error[] = [];
    await using traces = new Traces({
      networkId: ledger.networkId,
      verifier: new NodeVerifier(),
      files: indexFiles,
      state: ledger.state,
      store: ledger.store,
      leaves,
      book: new ConflictBook(bookFiles, ledger.networkId),
      caseOf: async () => undefined,
      onFailure: (error) => void failures.push(error),
    });
    await traces.start();
    await traces.settled();
    const batches = await pay(ledger, records);
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    traces.folded();
    await traces.settled();
    const indexedPerSecond = (records * 1000) / (performance.now() - start);
    const indexedUs = (cpuSeconds(cpu) * 1e6) / records;
    if (traces.index.seq !== ledger.state.seq)
      throw new Error("the index has not come to the end of the ledger", { cause: failures[0] });
    const queries = await measureQueries(ledger, traces, batches);
    return { queries, indexedPerSecond, indexedUs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As a node opens what grows large. */
async function makeDatabase(folder: string): Promise<CheckedStore> {
  return await CheckedStore.open(folder, { ...ledgerFiles, create: true });
}

/** @returns the events that sequenced payments. */
async function pay(ledger: PopulatedLedger, records: number): Promise<number[]> {
  const batches: number[] = [];
  for (let left = records; left > 0; left -= limits.batchLeavesMax) {
    const count = Math.min(left, limits.batchLeavesMax);
    await ledger.sequence(ledger.workload.makePayments(count).map(decodeLeaf));
    batches.push(ledger.state.seq);
    if (batches.length % BATCHES_PER_CYCLE === 0) await ledger.closeCycle();
  }
  return batches;
}

/** Each is asked of other records than the one before, most of which no memory holds. */
async function measureQueries(
  ledger: PopulatedLedger,
  traces: Traces,
  batches: readonly number[],
): Promise<Query[]> {
  const record = () => randomRecord(ledger, batches);
  const nodes = async (start: TraceStart, direction: Direction) => {
    const { traceDepthMax: depthMax, traceNodesMax: nodesMax } = limits;
    return (await traces.tracer.trace(start, { direction, depthMax, nodesMax })).nodes.length;
  };
  return [
    await measure("back from a record", record, ({ id }) => nodes({ kind: "id", id }, "back")),
    await measure("on from a record", record, ({ id }) => nodes({ kind: "id", id }, "forward")),
    await measure(
      "a page of an owner",
      async () => await signerOf(traces, await record()),
      (owner) => nodes({ kind: "owner", owner }, "both"),
    ),
    await measure("flows of a cycle", record, async ({ cycle }) => {
      return (await traces.index.flows(cycle)).length;
    }),
  ];
}

/** @param ask answers how much was found. */
async function measure<T>(
  name: string,
  pick: () => Promise<T>,
  ask: (picked: T) => Promise<number>,
): Promise<Query> {
  const [times, found]: [number[], number[]] = [[], []];
  for (let sample = -WARM_UP; sample < SAMPLES; sample++) {
    const picked = await pick();
    const start = performance.now();
    const count = await ask(picked);
    if (count === 0) throw new Error(`${name}: nothing is found`);
    if (sample < 0) continue;
    times.push(performance.now() - start);
    found.push(count);
  }
  return {
    name,
    samples: SAMPLES,
    medianMs: median(times),
    worstMs: Math.max(...times),
    found: median(found),
  };
}

type Applied = { readonly id: Hex; readonly cycle: number };

async function randomRecord(
  { store }: PopulatedLedger,
  batches: readonly number[],
): Promise<Applied> {
  const seq = batches[randomInt(batches.length)]!;
  const { openCycle: cycle } = (await store.event(seq))!;
  for await (const { ids } of store.appliedFrom(cycle, seq))
    return { id: ids[randomInt(ids.length)]!, cycle };
  throw new Error(`event ${seq} applied nothing`);
}

async function signerOf(
  { tracer }: Traces,
  { id }: Applied,
): Promise<NonNullable<TraceNode["signer"]>> {
  const start = { kind: "id", id } as const;
  const { nodes } = await tracer.trace(start, { direction: "back", depthMax: 0, nodesMax: 1 });
  return nodes[0]!.signer!;
}
