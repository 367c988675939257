/** What the API says of traces, as JSON Schema. */
import { type Static, Type } from "typebox";
import { limits } from "../../protocol/limits.ts";
import { makerKinds } from "../trace/makers.ts";
import { directions } from "../trace/walk.ts";
import { AmountText, MemberNumber, OutpointName, OwnerName, RecordId } from "./schema.ts";

const count = (description: string) => Type.Integer({ minimum: 0, description });
const oneOf = <T extends string>(words: readonly T[], description: string) =>
  Type.Unsafe<T>(
    Type.Union(
      words.map((word) => Type.Literal(word)),
      { description },
    ),
  );

const Place = Type.String({
  pattern: "^\\d{1,15}\\.\\d{1,9}$",
  description: "`next` of the page before",
});

export const TraceQuestion = Type.Object({
  from: Type.String({
    maxLength: 80,
    description:
      "0x and 64 digits (a record, deposit or conflict), 66 (a coin) or 40 (an owner), batch:17, cycle:3, case:2",
  }),
  direction: Type.Optional(oneOf(directions, "What it came from, what came of it, or both")),
  depth: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: limits.traceDepthMax,
      description: "Steps from the start",
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: limits.traceNodesMax, description: "Nodes in the answer" }),
  ),
  after: Type.Optional(Place),
});

export const TraceNode = Type.Object({
  id: RecordId,
  kind: oneOf(makerKinds, "What made the coins"),
  state: oneOf(["applied", "lost"] as const, "lost: others took its coins, and it has not applied"),
  seq: Type.Optional(count("Event in which it came to stand")),
  cycle: Type.Optional(count("Cycle in which it came to stand")),
  timeS: Type.Optional(count("Block time, in seconds since 1970")),
  signer: Type.Optional(OwnerName),
  member: Type.Optional(MemberNumber),
  amount: AmountText,
  depth: Type.Integer({ description: "Steps from the start, below zero for what lies before it" }),
  more: Type.Boolean({ description: "Whether it leads to more than is shown: trace from it" }),
});

export const TraceEdge = Type.Object({
  outpoint: OutpointName,
  maker: RecordId,
  taker: Type.Optional(RecordId),
  isLost: Type.Boolean({ description: "The taker named the coin in vain: another has it" }),
  lock: Type.Integer({ minimum: 0, maximum: 3 }),
  owner: OwnerName,
  custodian: MemberNumber,
  amount: AmountText,
});

export const TraceFork = Type.Object({
  outpoint: OutpointName,
  owner: OwnerName,
  custodian: MemberNumber,
  amount: AmountText,
  records: Type.Array(RecordId, { description: "What the owner signed for the coin" }),
  isFirst: Type.Boolean({
    description: "Among what is shown, no other fork leads to it: here it began",
  }),
});

export const Trace = Type.Object(
  {
    seq: count("The last event folded"),
    indexedSeq: count("The last event in the index"),
    starts: Type.Array(RecordId),
    nodes: Type.Array(TraceNode, { maxItems: limits.traceNodesMax }),
    edges: Type.Array(TraceEdge),
    forks: Type.Array(TraceFork),
    next: Type.Optional(Type.String({ description: "`after` of the next page" })),
  },
  { description: "Nodes are what made coins, edges are coins; owners are pseudonymous keys" },
);

export const OwnerRecordsQuestion = Type.Object({
  with: Type.Optional(OwnerName),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: limits.traceNodesMax,
      description: "Leaves of the owner's that are looked at",
    }),
  ),
  after: Type.Optional(Place),
});

export const OwnerRecords = Type.Object({
  indexedSeq: count("The last event in the index"),
  records: Type.Array(
    Type.Object({
      id: RecordId,
      kind: oneOf(makerKinds, "What made the coins"),
      seq: count("Event in which it applied"),
      cycle: count("Cycle in which it applied"),
      timeS: count("Block time, in seconds since 1970"),
      signer: Type.Optional(OwnerName),
      outputs: Type.Array(
        Type.Object({
          lock: Type.Integer({ minimum: 0, maximum: 3 }),
          owner: OwnerName,
          custodian: MemberNumber,
          amount: AmountText,
        }),
      ),
    }),
    { description: "Of those looked at; there may be none, and more on the next page" },
  ),
  next: Type.Optional(Type.String({ description: "`after` of the next page" })),
});

export const Flows = Type.Object({
  cycle: count("The cycle"),
  indexedSeq: count("The last event in the index"),
  flows: Type.Array(
    Type.Object({
      from: MemberNumber,
      to: MemberNumber,
      amount: AmountText,
      records: count("Records that moved it"),
    }),
    { description: "What records moved between custodians, change to oneself included" },
  ),
});

export type TraceQuestion = Static<typeof TraceQuestion>;
export type TraceNode = Static<typeof TraceNode>;
export type TraceEdge = Static<typeof TraceEdge>;
export type Trace = Static<typeof Trace>;
export type OwnerRecordsQuestion = Static<typeof OwnerRecordsQuestion>;
export type OwnerRecords = Static<typeof OwnerRecords>;
export type Flows = Static<typeof Flows>;
