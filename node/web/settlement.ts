/**
 * What the browser checks for itself: that a quorum of validators signed a checkpoint of this very network, that its
 * positions add up, and that a record stands under its root. The node's word is needed for none of it but for who the
 * validators are, which the registry says.
 */
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointDigest } from "../../protocol/checkpoint.ts";
import { hashLeaf, isIncluded } from "../../protocol/merkle.ts";
import { checkQuorum } from "../../protocol/quorum.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Consortium, InclusionProof, SettlementProof } from "./api.ts";

/** The fields of a checkpoint that somebody looks at. */
export type ShownCheckpoint = Partial<SettlementProof["checkpoint"]> & { readonly number: number };

export type SettlementFinding = {
  readonly signed: number;
  readonly validators: number;
  readonly blockNumber: number;
  /** Whether the positions of all members add up to zero. */
  readonly isBalanced: boolean;
};

/**
 * @param shown what the page shows of the checkpoint: it must be what was signed.
 * @throws Refusal `bad-signature`, `bad-proof`, `malformed` naming what does not hold.
 */
export function checkSettlement(
  { checkpoint: row, signatures, validators, blockNumber }: SettlementProof,
  { networkId, chainId, settlement }: Consortium["network"],
  shown: ShownCheckpoint,
): SettlementFinding {
  for (const [name, value] of Object.entries(shown)) {
    const signed = row[name as keyof typeof row];
    if (JSON.stringify(signed) === JSON.stringify(value)) continue;
    throw new Refusal("bad-proof", `the node shows another ${name} than was signed`);
  }
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
