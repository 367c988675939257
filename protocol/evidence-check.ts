/**
 * What an evidence file shows, worked out from its bytes and the network file alone. Two spends of one
 * coin under one key need nobody's word. That the winner applied needs a quorum's: the checkpoint is
 * signed by validators that the file names, and who they are is the registry's to say. So they are given
 * back with the findings, to be compared there, or with a set that the reader trusts already.
 */
import { fromHex, type Hex } from "./bytes.ts";
import { checkpointDigest } from "./checkpoint.ts";
import { checkDoubleSpendSignatures, type DoubleSpend, readDoubleSpend } from "./double-spend.ts";
import type { Evidence, Loss, Settlement } from "./evidence.ts";
import { hashLeaf, isIncluded } from "./merkle.ts";
import type { NetworkFile } from "./network-file.ts";
import { checkQuorum } from "./quorum.ts";
import { Refusal } from "./refusal.ts";
import type { Verifier } from "./signature.ts";
import type { Domain } from "./typed-data.ts";

/** How far it is shown that the winner applied: not at all, by those the file names, by those the reader trusts. */
export type Standing = "not-shown" | "by-named-validators" | "by-trusted-validators";

export type LossFinding = {
  readonly doubleSpend: DoubleSpend;
  readonly standing: Standing;
  /** Of the checkpoint, if there is one. */
  readonly cycle: number | undefined;
};

export type EvidenceFindings = {
  readonly loser: Hex;
  /** By outpoint, ascending. */
  readonly losses: readonly LossFinding[];
  /** Named by the file; whether they are the registry's is not known here. */
  readonly validators: Evidence["claims"]["validators"];
};

/**
 * Checks everything that can be checked; nothing is left out that does not hold.
 * @param trusted addresses of validators that the reader has from elsewhere.
 * @throws Refusal `wrong-network`; `malformed`, `bad-proof` and `bad-signature` naming what does not hold.
 */
export function checkEvidence(
  evidence: Evidence,
  network: NetworkFile,
  verifier: Verifier,
  trusted?: ReadonlySet<Hex>,
): EvidenceFindings {
  if (evidence.networkId !== network.networkId) {
    const detail = `the evidence is of network ${evidence.networkId}, the file of ${network.networkId}`;
    throw new Refusal("wrong-network", detail);
  }
  const networkId = fromHex(network.networkId, 32);
  const losses = evidence.losses.map((loss): LossFinding => {
    const doubleSpend = readDoubleSpend(networkId, bytesOf(evidence.loser, loss));
    checkDoubleSpendSignatures(networkId, doubleSpend, verifier);
    const { settlement } = loss;
    if (settlement === null) return { doubleSpend, standing: "not-shown", cycle: undefined };
    const cycle = settlement.checkpoint.number;
    checkApplied(doubleSpend.wonId, settlement);
    checkSigned(network, settlement, validatorsOf(evidence, cycle));
    if (trusted === undefined) return { doubleSpend, standing: "by-named-validators", cycle };
    checkSigned(network, settlement, trusted);
    return { doubleSpend, standing: "by-trusted-validators", cycle };
  });
  const loser = losses[0]!.doubleSpend.lostId;
  return { loser, losses, validators: evidence.claims.validators };
}

function bytesOf(loser: Hex, { outpoint, parent, winner }: Loss) {
  return { outpoint, parent: fromHex(parent), loser: fromHex(loser), winner: fromHex(winner) };
}

function validatorsOf({ claims }: Evidence, cycle: number): ReadonlySet<Hex> {
  const named = claims.validators.find((set) => set.cycle === cycle);
  if (named === undefined)
    throw new Refusal("bad-proof", `the file names no validators for cycle ${cycle}`);
  return new Set(named.members.map(({ address }) => address));
}

/** That a record applied in the cycle, by its place under the root. @throws Refusal `bad-proof`. */
export function checkApplied(record: Hex, { index, path, checkpoint }: Settlement): void {
  const { appliedRoot, applied, number } = checkpoint;
  const hashes = path.map((hash) => fromHex(hash, 32));
  const leaf = hashLeaf(fromHex(record, 32));
  if (!isIncluded(leaf, index, applied, hashes, fromHex(appliedRoot, 32))) {
    const detail = `record ${record} is not shown to have applied in cycle ${number}`;
    throw new Refusal("bad-proof", detail);
  }
}

/** That a quorum of these validators signed the checkpoint. @throws Refusal as `checkQuorum`. */
export function checkSigned(
  { chainId, contracts, networkId }: NetworkFile,
  { checkpoint, signatures }: Pick<Settlement, "checkpoint" | "signatures">,
  validators: ReadonlySet<Hex>,
): void {
  const domain: Domain = { chainId: BigInt(chainId), settlement: contracts.settlement, networkId };
  const signed = signatures.map((signature) => fromHex(signature));
  checkQuorum(checkpointDigest(domain, checkpoint), signed, validators);
}
