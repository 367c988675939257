/**
 * The events of the settlement log: all that ever changes the ledger. Plain data, in the words of the
 * ledger and free of the chain's, so that the fold is pure and can be fed from anywhere. `seq` counts
 * from 1 without a gap across all contracts of a network.
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { MemberStatus } from "../../protocol/rules.ts";

/** What the fold reads from outside. The registry emits it first (seq 1). */
export type ProtocolEvent = {
  readonly kind: "protocol";
  readonly seq: number;
  readonly version: number;
  /** Whole seconds between a revocation and the earliest reclaim. */
  readonly reclaimDelayS: number;
};

/** A member was admitted, or its status or keys changed; the present values, all of them. */
export type MemberChangedEvent = {
  readonly kind: "member-changed";
  readonly seq: number;
  readonly member: number;
  readonly status: MemberStatus;
  /** Compressed P-256 key, 33 bytes. */
  readonly issuer: Uint8Array;
  /** Compressed P-256 key, 33 bytes. */
  readonly treasury: Uint8Array;
};

/** Reserve tokens entered the contract and become a vault coin of `member`. */
export type DepositedEvent = {
  readonly kind: "deposited";
  readonly seq: number;
  readonly member: number;
  readonly amount: bigint;
};

/** A batch took its place in the order. */
export type SequencedEvent = {
  readonly kind: "sequenced";
  readonly seq: number;
  /** The member that put the batch forward. */
  readonly member: number;
  /** The batch's number, per member, from 1. */
  readonly number: number;
  /** How many leaves. */
  readonly count: number;
  /** RFC 6962 root over the leaves, 32 bytes. */
  readonly root: Uint8Array;
  /** Block time in whole seconds. */
  readonly timeS: number;
};

/** A double-spent coin is paid once more, for the losing record alone. */
export type RestitutedEvent = {
  readonly kind: "restituted";
  readonly seq: number;
  /** The coin's name: record id and output index, 33 bytes. */
  readonly outpoint: Uint8Array;
  /** Id of the losing record, 32 bytes. */
  readonly loser: Uint8Array;
  /** 20 bytes. */
  readonly owner: Uint8Array;
  /** The custodian whose bond pays. */
  readonly member: number;
  readonly amount: bigint;
  /** Block time in whole seconds. */
  readonly timeS: number;
};

/** A case was ruled: a new coin for its holder, from the bond of the member that signed falsely. */
export type AwardedEvent = {
  readonly kind: "awarded";
  readonly seq: number;
  /** The member whose bond pays. */
  readonly member: number;
  /** 20 bytes. */
  readonly owner: Uint8Array;
  readonly custodian: number;
  readonly amount: bigint;
};

/** `member` revoked an owner. A repeated one keeps the first time. */
export type RevokedEvent = {
  readonly kind: "revoked";
  readonly seq: number;
  readonly member: number;
  /** 20 bytes. */
  readonly owner: Uint8Array;
  /** Block time in whole seconds. */
  readonly timeS: number;
};

/** The cycle ended here: its checkpoint is the state after this event. */
export type CycleClosedEvent = {
  readonly kind: "cycle-closed";
  readonly seq: number;
  readonly cycle: number;
};

/** The chain took the cycle's checkpoint, and reserves moved. */
export type SettledEvent = {
  readonly kind: "settled";
  readonly seq: number;
  readonly cycle: number;
};

export type LedgerEvent =
  | ProtocolEvent
  | MemberChangedEvent
  | DepositedEvent
  | SequencedEvent
  | RestitutedEvent
  | AwardedEvent
  | RevokedEvent
  | CycleClosedEvent
  | SettledEvent;

/** Where on the chain an event stands: what a restart checks before it goes on. */
export type ChainPlace = {
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly logIndex: number;
  /** Whole seconds. */
  readonly blockTimeS: number;
};

export type PlacedEvent = { readonly event: LedgerEvent; readonly place: ChainPlace };
