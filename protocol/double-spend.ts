/**
 * One coin, named by two records: what is true of it by the bytes alone, whoever shows them. The rules a
 * double spend is paid by begin here, on a node, in a court and in the contract alike: the coin was its
 * owner's, the loser spends it by the owner's signature, and the winner is another record that names it.
 */
import { fromHex, type Hex } from "./bytes.ts";
import { type Owner, ownerOf } from "./key.ts";
import { lock, type MemberId, type Outpoint, splitOutpoint } from "./output.ts";
import { decodeParent, outputOf, type Parent } from "./parent.ts";
import { checkRecordSignature, decodeRecord, recordId, type SignedRecord } from "./record.ts";
import { Refusal } from "./refusal.ts";
import { replacementOutpoint } from "./rules.ts";
import type { Verifier } from "./signature.ts";

/** The bytes that show it. */
export type DoubleSpendBytes = {
  readonly outpoint: Outpoint;
  /** The whole record, or the deposit, that made the coin. */
  readonly parent: Uint8Array;
  readonly loser: Uint8Array;
  readonly winner: Uint8Array;
};

export type DoubleSpend = DoubleSpendBytes & {
  /** Names the coin and the loser together: the id of the replacement that pays it. */
  readonly id: Hex;
  readonly owner: Owner;
  readonly custodian: MemberId;
  readonly amount: bigint;
  readonly made: Parent;
  readonly lost: SignedRecord;
  readonly lostId: Hex;
  readonly won: SignedRecord;
  readonly wonId: Hex;
};

/** The name of a coin and its losing record together. */
export function doubleSpendId(networkId: Uint8Array, outpoint: Outpoint, loser: Hex): Hex {
  return splitOutpoint(replacementOutpoint(networkId, outpoint, loser)).id;
}

/**
 * Reads it and checks all that bytes can show but signatures.
 * @throws Refusal `malformed` for bytes that are not what they should be; `bad-proof` naming what does not fit.
 */
export function readDoubleSpend(networkId: Uint8Array, bytes: DoubleSpendBytes): DoubleSpend {
  const { outpoint } = bytes;
  fromHex(outpoint, 33, "outpoint");
  const made = decodeParent(networkId, bytes.parent);
  const [lost, won] = [decodeRecord(bytes.loser), decodeRecord(bytes.winner)];
  const [lostId, wonId] = [recordId(networkId, lost.body), recordId(networkId, won.body)];
  const coin = outputOf(made, outpoint);
  if (coin === undefined) throw bad(`the parent did not make coin ${outpoint}`);
  if (coin.lock !== lock.key) throw bad(`coin ${outpoint} was not opened by a key`);
  if (lost.kind !== "spend") throw bad(`the losing record is a ${lost.kind}, not a spend`);
  if (won.kind === "claim") throw bad("a claim takes no coin that a key opens");
  if (lostId === wonId) throw bad(`both are record ${lostId}: that is one spend, seen twice`);
  for (const record of [lost, won]) {
    if (!record.inputs.includes(outpoint)) throw bad(`a record does not name coin ${outpoint}`);
  }
  for (const record of [lost, won]) {
    if (record.kind === "spend" && ownerOf(record.signer) !== coin.owner)
      throw bad("a spend is not by the coin's owner");
  }
  const { owner, custodian, amount } = coin;
  const id = doubleSpendId(networkId, outpoint, lostId);
  return { ...bytes, id, owner, custodian, amount, made, lost, lostId, won, wonId };
}

/** Checks the signatures of parent, loser and winner. @throws Refusal `bad-signature`, `malformed` for a key off the curve. */
export function checkDoubleSpendSignatures(
  networkId: Uint8Array,
  { made, lost, won }: DoubleSpend,
  verifier: Verifier,
): void {
  if (made.record !== undefined) checkRecordSignature(networkId, made.record, verifier);
  checkRecordSignature(networkId, lost, verifier);
  checkRecordSignature(networkId, won, verifier);
}

function bad(detail: string): Refusal {
  return new Refusal("bad-proof", detail);
}
