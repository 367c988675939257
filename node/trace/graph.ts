/**
 * A trace as a graph: nodes are what made coins, edges are coins. A coin that two records name has an edge to
 * each, of which one was lost. Who forked it and where the forking began is judged by the signatures of the
 * records that are in the graph, and by nothing else.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import {
  joinOutpoint,
  type MemberId,
  type Outpoint,
  type Output,
  splitOutpoint,
} from "../../protocol/output.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { blame, type Fork } from "../evidence/blame.ts";
import type { Maker } from "./makers.ts";
import type { Visit, Walk } from "./walk.ts";

export type TraceNode = {
  readonly id: Hex;
  readonly kind: Maker["kind"];
  /** `lost`: others took its coins, and it has not applied. */
  readonly state: "applied" | "lost";
  readonly seq: number | undefined;
  readonly cycle: number | undefined;
  /** Block time in whole seconds. */
  readonly timeS: number | undefined;
  /** Who signed it; absent for what no record made. */
  readonly signer: Owner | undefined;
  /** The signer's member, or the custodian of what was made. */
  readonly member: MemberId | undefined;
  /** Sum of what it made. */
  readonly amount: bigint;
  /** Steps from where the trace starts, below zero for what lies before. */
  readonly depth: number;
  /** Whether it leads to more, in the directions asked for, than is shown. */
  readonly more: boolean;
};

export type TraceEdge = {
  readonly outpoint: Outpoint;
  readonly maker: Hex;
  /** The record that names the coin; absent while it is unspent, and for a burn. */
  readonly taker: Hex | undefined;
  /** Whether the taker named it in vain: another record has it. */
  readonly isLost: boolean;
} & Output;

export type TraceGraph = {
  readonly nodes: readonly TraceNode[];
  readonly edges: readonly TraceEdge[];
  /** Coins that their owner signed for more than once; ancestors before descendants. */
  readonly forks: readonly Fork[];
};

export type GraphParts = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  readonly spenderOf: (outpoint: Outpoint) => Hex | undefined;
  readonly custodianOf: (owner: Owner) => MemberId | undefined;
  /** Block time of an event. */
  readonly timeOf: (seq: number) => Promise<number>;
};

export async function graphOf(parts: GraphParts, found: Walk): Promise<TraceGraph> {
  const visits = [...found.visits.values()];
  const nodes = await Promise.all(visits.map((visit) => nodeOf(parts, found, visit)));
  return { nodes, edges: edgesOf(parts, found), forks: forksOf(parts, found) };
}

async function nodeOf(
  { custodianOf, timeOf }: GraphParts,
  { visits, absent }: Walk,
  { maker, depth, leadsTo }: Visit,
): Promise<TraceNode> {
  const { id, kind, place, outputs, record } = maker;
  const signer = record && ownerOf(record.signer);
  return {
    id,
    kind,
    state: place === undefined ? "lost" : "applied",
    seq: place?.seq,
    cycle: place?.cycle,
    timeS: place && (await timeOf(place.seq)),
    signer,
    member: signer === undefined ? outputs[0]?.custodian : custodianOf(signer),
    amount: outputs.reduce((sum, { amount }) => sum + amount, 0n),
    depth,
    more: [...leadsTo].some((next) => !visits.has(next) && !absent.has(next)),
  };
}

/** All coins that a node shown here has made, and all that one names whose making is shown elsewhere. */
function edgesOf({ spenderOf }: GraphParts, { visits, conflicts }: Walk): TraceEdge[] {
  const edges = new Map<string, TraceEdge>();
  const add = (outpoint: Outpoint, output: Output, taker: Hex | undefined, isLost = false) => {
    const { id: maker } = splitOutpoint(outpoint);
    edges.set(`${outpoint} ${taker}`, { outpoint, maker, taker, isLost, ...output });
  };
  for (const { maker } of visits.values()) {
    for (const [index, output] of maker.outputs.entries()) {
      if (maker.place === undefined) continue;
      const outpoint = joinOutpoint(maker.id, index);
      add(outpoint, output, spenderOf(outpoint));
    }
  }
  for (const { spend } of conflicts.values()) {
    const { outpoint, made, lostId } = spend;
    if (!visits.has(lostId) && !visits.has(made.id)) continue;
    const output = made.outputs[splitOutpoint(outpoint).index]!;
    add(outpoint, output, lostId, true);
  }
  return [...edges.values()];
}

/** Signatures are looked at only where two records in the graph name one coin. */
function forksOf(
  { networkId, verifier }: GraphParts,
  { visits, conflicts }: Walk,
): readonly Fork[] {
  const isRival = ({ spend }: { spend: { lostId: Hex; wonId: Hex } }) =>
    visits.has(spend.lostId) && visits.has(spend.wonId);
  if (![...conflicts.values()].some(isRival)) return [];
  const makers = [...visits.values()].map(({ maker }) => maker);
  const coins = new Map<Outpoint, Output>();
  for (const { spend } of conflicts.values()) {
    for (const [index, output] of spend.made.outputs.entries())
      coins.set(joinOutpoint(spend.made.id, index), output);
  }
  for (const { id, outputs, record } of makers) {
    if (record !== undefined) continue;
    for (const [index, output] of outputs.entries()) coins.set(joinOutpoint(id, index), output);
  }
  const records = makers.flatMap(({ record }) => record ?? []);
  return blame(networkId, coins, records, verifier).forks;
}
