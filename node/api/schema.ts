/**
 * What the node's API says and hears, as JSON Schema: the routes check it, the OpenAPI document shows
 * it, the client types it. Amounts are decimal strings of minor units; ids are lower-case 0x strings.
 */
import { type Static, Type } from "typebox";
import { limits } from "../../protocol/limits.ts";
import { languages } from "../../protocol/refusal-words.ts";
import { type Stage, stages } from "../evidence/conflict.ts";

const hex = (bytes: number, description: string) =>
  Type.String({ pattern: `^0x[0-9a-f]{${2 * bytes}}$`, description });
const count = (description: string) => Type.Integer({ minimum: 0, description });

export const BatchRoot = hex(32, "Root of a batch, as the chain has it");
export const RecordId = hex(32, "Id of a record or an enrolment");
export const LeafHash = hex(32, "SHA-256(00 ‖ bytes) of a leaf");
export const OutpointName = hex(33, "Record id ‖ output index");
export const OwnerName = hex(20, "First 20 bytes of SHA-256 of the key");
export const MemberNumber = Type.Integer({
  minimum: 1,
  maximum: 65_535,
  description: "A member's number",
});
export const AmountText = Type.String({ pattern: "^(0|[1-9][0-9]*)$", description: "Minor units" });
export const SignedAmountText = Type.String({
  pattern: "^(0|-?[1-9][0-9]*)$",
  description: "Minor units",
});

/** `unknown`: never seen here. `pending`: waits or travels. `refused`: sequenced, did not apply; may come again. */
export const RecordState = Type.Union([
  Type.Literal("unknown"),
  Type.Literal("pending"),
  Type.Literal("applied"),
  Type.Literal("refused"),
]);

/** How far a conflict has come: see `node/evidence/conflict.ts`. */
export const ConflictStage = Type.Unsafe<Stage>(
  Type.Union(
    stages.map((stage) => Type.Literal(stage)),
    { description: "How far it has come; paid, reclaimed and void are ends" },
  ),
);

export const RecordStatus = Type.Object(
  {
    id: RecordId,
    state: RecordState,
    leafHash: Type.Optional(LeafHash),
    seq: Type.Optional(count("Event that sequenced it last")),
    cycle: Type.Optional(count("Cycle in which it applied")),
    settled: Type.Optional(Type.Boolean({ description: "Whether that cycle has settled" })),
    code: Type.Optional(Type.String({ description: "Why it did not apply" })),
    detail: Type.Optional(Type.String()),
    restitution: Type.Optional(ConflictStage),
  },
  {
    description:
      "Where a record or an enrolment is; restitution: how far the least advanced of the coins it lost to other records has come",
  },
);

/** What became of one submitted leaf: `accepted` also where it was known already. */
export const SubmissionResult = Type.Object({
  leafHash: LeafHash,
  id: Type.Optional(RecordId),
  accepted: Type.Boolean(),
  code: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
});

export const Submission = Type.Object({
  results: Type.Array(SubmissionResult, { maxItems: limits.submissionLeavesMax }),
});

export const CoinRow = Type.Object({
  outpoint: OutpointName,
  lock: Type.Integer({ minimum: 0, maximum: 3 }),
  owner: OwnerName,
  custodian: MemberNumber,
  amount: AmountText,
  pending: Type.Boolean({
    description: "Whether a record that waits here, by one who may, would take it",
  }),
  restitutedS: Type.Optional(
    count("Of a replacement: block time at which it was made, in seconds since 1970"),
  ),
});

/** Coins as of one event: what a custodian's receipt states. */
export const Coins = Type.Object({
  seq: count("The state after this event"),
  coins: Type.Array(CoinRow),
});

/** A stretch of the coins that wait at a member for whoever shows their secret. */
export const Claims = Type.Object({
  coins: Type.Array(CoinRow),
  next: Type.Optional(count("Where the next stretch begins; absent where all coins were met")),
});

export const MemberRow = Type.Object({
  member: MemberNumber,
  status: Type.Integer({ minimum: 1, maximum: 3 }),
  issuer: hex(33, "Present issuer key"),
  treasury: hex(33, "Present treasury key"),
  intake: Type.Optional(
    hex(33, "Key that couriers' requests are sealed to, once the registry was read"),
  ),
  treasuryOwners: Type.Array(OwnerName, {
    description: "Owners of all treasury keys, the present first",
  }),
  custody: AmountText,
  reserve: AmountText,
  /** Net transfers and burns of the cycles that are not settled. */
  delta: SignedAmountText,
  burns: AmountText,
});

/** An owner as of one event: where its key is enrolled, and all it holds, however many coins that is. */
export const EnrolmentRow = Type.Object({
  owner: OwnerName,
  member: Type.Union([MemberNumber, Type.Null()]),
  seq: count("The state after this event"),
  coins: count("Unspent coins"),
  balance: AmountText,
});

/** The owners a member has revoked, as of one event. */
export const Revocations = Type.Object({
  seq: count("The state after this event"),
  revoked: Type.Array(
    Type.Object({ owner: OwnerName, timeS: count("Block time of the first revocation") }),
  ),
});

/** What a member's gateway has its node write to the chain. */
export const NewRevocations = Type.Object(
  {
    owners: Type.Array(OwnerName, { minItems: 1, maxItems: limits.revokedAtOnceMax }),
    list: Type.String({
      pattern: "^0x([0-9a-f]{2})*$",
      maxLength: 2 + 2 * limits.gatewayAnswerMax,
      description: "The member's revocation list, signed, which names each of them",
    }),
  },
  { additionalProperties: false },
);

export const Revoked = Type.Object({ owners: Type.Array(OwnerName) });

export const NodeStatus = Type.Object({
  networkId: hex(32, "The network's id"),
  member: Type.Union([MemberNumber, Type.Null()], { description: "Null for an observer" }),
  seq: count("Last event folded"),
  chainState: Type.String({
    description: "following; or why it cannot: starting, chain-behind, chain-down",
  }),
  peers: Type.Array(Type.String(), { description: "Peer ids connected" }),
  openCycle: count("The cycle in progress"),
  settledCycle: count("The last cycle settled on chain"),
  coins: count("Unspent coins"),
  pending: count("Leaves that wait"),
  verified: count("Signatures of leaves checked since the start"),
  supply: AmountText,
  receiptLifeS: count("Longest life of receipts and certificates, in seconds"),
  reclaimDelayS: count("From a revocation until the treasury may reclaim, in seconds"),
  claimPeriodS: count(
    "From a cycle's settlement until its double spends can be reported, in seconds",
  ),
  penaltyPercent: count("Fine for a double spend, of its amount"),
});

export const CheckpointRow = Type.Object({
  number: count("The cycle"),
  seq: count("Of the event that closed it"),
  applied: count("Records applied in it"),
  appliedRoot: hex(32, "Root over their ids"),
  supply: AmountText,
  positions: Type.Array(
    Type.Object({ member: MemberNumber, delta: SignedAmountText, withdrawn: AmountText }),
  ),
  stateRoot: hex(32, "Root of the state"),
  digest: hex(32, "What validators sign"),
  settled: Type.Boolean(),
});

/** By the chain's clock: the same at every member. */
export const CycleTimes = Type.Object({
  cycle: count("The cycle"),
  closedAtS: count("Time of the block that closed it, in seconds"),
  settledAtS: Type.Optional(count("Time of the block that settled it, in seconds")),
});

/** Both sides of the identities: the ledger's by a full scan of the store, the chain's read from the contracts. */
export const Identities = Type.Object({
  seq: count("The state after this event"),
  stateRoot: hex(32, "Root of the state, worked out from the whole store"),
  rows: Type.Record(
    Type.String(),
    Type.Object({ ledger: Type.String(), chain: Type.String(), holds: Type.Boolean() }),
  ),
});

/** One event of the log, as the stream tells it. */
export const FoldedEvent = Type.Object({
  seq: count("The event"),
  kind: Type.String(),
  member: Type.Optional(Type.Integer()),
  cycle: Type.Optional(Type.Integer()),
  restituted: Type.Optional(
    Type.Object(
      { outpoint: OutpointName, loser: RecordId },
      { description: "The coin that exists once more, and the record that may take it" },
    ),
  ),
  applied: Type.Array(RecordId),
  refused: Type.Array(
    Type.Object({ id: Type.Optional(RecordId), leafHash: LeafHash, code: Type.String() }),
  ),
});

export const Explanation = Type.Object({
  id: RecordId,
  status: RecordStatus,
  sentences: Type.Array(Type.String(), {
    description: "What happened and what comes next, in plain words",
  }),
});

/** A coin that one record took and another names. */
export const ConflictRow = Type.Object({
  id: hex(32, "Names coin and loser together: the id of the replacement that pays it"),
  number: count("Ascends with each change of any conflict at this node"),
  stage: ConflictStage,
  code: Type.String({ description: "Why: a refusal's code, or the contract's error" }),
  detail: Type.String(),
  outpoint: OutpointName,
  amount: AmountText,
  owner: OwnerName,
  custodian: MemberNumber,
  loser: RecordId,
  winner: RecordId,
  winnerKind: Type.Union([Type.Literal("spend"), Type.Literal("reclaim")]),
  seq: count("Event at which the winner applied"),
  cycle: count("Cycle in which the winner applied"),
  isOurs: Type.Boolean({ description: "Whether the loser was handed in here" }),
});

export const Conflicts = Type.Object({ conflicts: Type.Array(ConflictRow) });

/** In which sentences are wanted; English where it is not said. */
export const InLanguage = Type.Object({
  language: Type.Optional(Type.Union(languages.map((language) => Type.Literal(language)))),
});

const sentences = Type.Array(Type.String());

export const ConflictExplanation = Type.Object({
  conflict: ConflictRow,
  /** What it means for each, in plain words. */
  loser: sentences,
  winner: sentences,
  custodian: sentences,
  owner: sentences,
});

/** A case at Disputes that has not ended. */
export const CaseRow = Type.Object({
  case: count("Its number"),
  kind: Type.String({ description: "double-spend, false-receipt or false-certificate" }),
  status: Type.String({ description: "opened, answered or ruled" }),
  claimant: MemberNumber,
  accused: MemberNumber,
  amount: AmountText,
  deadlineS: count("Last second in which it can be answered (opened) or ruled on (answered)"),
  argument: hex(32, "SHA-256 of what the claimant puts forward, zero for nothing"),
  answer: hex(32, "SHA-256 of the answer, zero for none"),
  sentences,
});

export const Cases = Type.Object({ cases: Type.Array(CaseRow) });

export type CaseRow = Static<typeof CaseRow>;
export type Cases = Static<typeof Cases>;
export type ConflictStage = Static<typeof ConflictStage>;
export type ConflictRow = Static<typeof ConflictRow>;
export type Conflicts = Static<typeof Conflicts>;
export type ConflictExplanation = Static<typeof ConflictExplanation>;
export type RecordStatus = Static<typeof RecordStatus>;
export type SubmissionResult = Static<typeof SubmissionResult>;
export type Submission = Static<typeof Submission>;
export type CoinRow = Static<typeof CoinRow>;
export type Claims = Static<typeof Claims>;
export type Coins = Static<typeof Coins>;
export type MemberRow = Static<typeof MemberRow>;
export type EnrolmentRow = Static<typeof EnrolmentRow>;
export type Revocations = Static<typeof Revocations>;
export type NodeStatus = Static<typeof NodeStatus>;
export type CycleTimes = Static<typeof CycleTimes>;
export type CheckpointRow = Static<typeof CheckpointRow>;
export type Identities = Static<typeof Identities>;
export type FoldedEvent = Static<typeof FoldedEvent>;
export type Explanation = Static<typeof Explanation>;
