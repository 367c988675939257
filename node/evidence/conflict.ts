/**
 * A conflict: a coin that one record took and another names. It is the loser's claim to be paid, so it
 * carries the bytes of both and of what made the coin: nothing else is needed to prove it later. How it
 * stands changes; what it shows never does.
 */
import { type Hex, Reader, utf8, Writer } from "../../protocol/bytes.ts";
import {
  type DoubleSpend,
  type DoubleSpendBytes,
  readDoubleSpend,
} from "../../protocol/double-spend.ts";
import { limits } from "../../protocol/limits.ts";
import { readOutpoint, writeOutpoint } from "../../protocol/output.ts";

/** How far a conflict has come, in this order. New ones go to the end: rows hold their number. */
export const stages = [
  /** Until the winner's cycle settles, or what else the loser needs arrives. */
  "waiting",
  /** It can be reported to the contract. */
  "due",
  /** The contract says no for now: a case is left to the holder. */
  "refused",
  /** Proven; it is paid when the custodian's bond suffices. */
  "queued",
  /** The coin exists once more, and the loser can take it. */
  "restituted",
  /** The loser has applied. */
  "paid",
  /** The custodian took the coin back, as the loser did not come for it in time. */
  "reclaimed",
  /** The loser breaks a rule, and could not be paid by any coin. */
  "void",
] as const;

export type Stage = (typeof stages)[number];

/** Where it stands, and why in the code's words; the detail is a sentence's part. */
export type Standing = { readonly stage: Stage; readonly code: string; readonly detail: string };

/** Where the winner applied. */
export type WinnerPlace = { readonly seq: number; readonly cycle: number };

export type Conflict = {
  readonly spend: DoubleSpend;
  readonly winner: WinnerPlace;
  /** Whether the loser was handed in here: this member looks after it first. */
  readonly isOurs: boolean;
  readonly standing: Standing;
  /** Ascends over all conflicts with each change of any: the latest change of this one. */
  readonly number: number;
};

/** Nothing more happens to it. */
export function isEnded({ standing: { stage } }: Pick<Conflict, "standing">): boolean {
  return stage === "paid" || stage === "reclaimed" || stage === "void";
}

const DETAIL_MAX = 1024;

export function encodeConflict({ spend, winner, isOurs, standing, number }: Conflict): Uint8Array {
  const writer = new Writer(2048)
    .safe(number)
    .u8(stages.indexOf(standing.stage))
    .u8(isOurs ? 1 : 0)
    .short(utf8.encode(standing.code))
    .long(utf8.encode(standing.detail).subarray(0, DETAIL_MAX))
    .safe(winner.seq)
    .safe(winner.cycle);
  writeOutpoint(writer, spend.outpoint);
  return writer.long(spend.parent).long(spend.loser).long(spend.winner).done();
}

/** @throws Refusal for a row that this software did not write. */
export function decodeConflict(networkId: Uint8Array, bytes: Uint8Array): Conflict {
  const reader = new Reader(bytes);
  const number = reader.safe("number");
  const stage = stages[reader.u8("stage")];
  if (stage === undefined) throw reader.refuse("the stage is unknown", "stage", 1);
  const isOurs = reader.u8("isOurs") === 1;
  const code = reader.text(255, "code");
  const detail = utf8.decode(reader.long(DETAIL_MAX, "detail"), "detail");
  const winner = { seq: reader.safe("seq"), cycle: reader.safe("cycle") };
  const shown: DoubleSpendBytes = {
    outpoint: readOutpoint(reader, "outpoint"),
    parent: reader.long(limits.leafBytesMax, "parent"),
    loser: reader.long(limits.leafBytesMax, "loser"),
    winner: reader.long(limits.leafBytesMax, "winner"),
  };
  reader.end("conflict");
  const spend = readDoubleSpend(networkId, shown);
  return { spend, winner, isOurs, standing: { stage, code, detail }, number };
}

/** A conflict as it is found: not looked at yet. */
export const FOUND: Standing = { stage: "waiting", code: "found", detail: "it was just found" };

/** The coin by which a conflict is paid: the only output of the replacement. */
export function replacementOf({ id }: DoubleSpend): Hex {
  return `${id}00`;
}
