/**
 * What the browser checks for itself: that a quorum of validators signed a checkpoint of this very network, that its
 * positions add up, and that a record stands under its root. The node's word is needed for none of it but for who the
 * validators are, which the registry says.
 */
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointDigest } from "../../protocol/checkpoint.ts";
import { hashLeaf, isIncluded } from "../../protocol/merkle.ts";
import { checkQuorum } from "../../protocol/quorum.ts";
import type { Consortium, InclusionProof, SettlementProof } from "./api.ts";

export type SettlementFinding = {
  readonly signed: number;
  readonly validators: number;
  readonly blockNumber: number;
  /** Whether the positions of all members add up to zero. */
  readonly isBalanced: boolean;
};

/** @throws Refusal `bad-signature`, `malformed` naming what does not hold. */
export function checkSettlement(
  { checkpoint: row, signatures, validators, blockNumber }: SettlementProof,
  { networkId, chainId, settlement }: Consortium["network"],
): SettlementFinding {
  const domain = {
    chainId: BigInt(chainId),
    settlement: settlement as Hex,
    networkId: networkId as Hex,
  };
  const checkpoint = checkpointOf(row);
  const signed = signatures.map((signature) => fromHex(signature as Hex));
  const known = new Set(validators.map(({ address }) => address as Hex));
  checkQuorum(checkpointDigest(domain, checkpoint), signed, known);
  const sum = checkpoint.positions.reduce((total, { delta }) => total + delta, 0n);
  return {
    signed: signed.length,
    validators: known.size,
    blockNumber,
    isBalanced: sum === 0n,
  };
}

/** Whether a record stands where the path says, under the root that was signed. */
export function isUnderRoot(
  id: Hex,
  { index, path }: InclusionProof,
  { applied, appliedRoot }: SettlementProof["checkpoint"],
): boolean {
  const leaf = hashLeaf(fromHex(id, 32));
  const hashes = path.map((hash) => fromHex(hash as Hex, 32));
  return isIncluded(leaf, index, applied, hashes, fromHex(appliedRoot as Hex, 32));
}

function checkpointOf(row: SettlementProof["checkpoint"]): Checkpoint {
  return {
    ...row,
    appliedRoot: row.appliedRoot as Hex,
    stateRoot: row.stateRoot as Hex,
    supply: BigInt(row.supply),
    positions: row.positions.map(({ member, delta, withdrawn }) => ({
      member,
      delta: BigInt(delta),
      withdrawn: BigInt(withdrawn),
    })),
  };
}
