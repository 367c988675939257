/** What a member shows the contract of a double spend: read from the evidence that any node gives. */
import type { DoubleSpendProof } from "../../node/chain/disputes.ts";
import { fromHex } from "../../protocol/bytes.ts";
import { readDoubleSpend } from "../../protocol/double-spend.ts";
import type { Evidence, Loss } from "../../protocol/evidence.ts";
import { splitOutpoint } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** @param loss of the evidence. @throws Refusal `unavailable` while the winner's cycle has not settled. */
export function proofOf(
  networkId: Uint8Array,
  { loser }: Evidence,
  { outpoint, parent, winner, settlement }: Loss,
): DoubleSpendProof {
  if (settlement === null)
    throw new Refusal(
      "unavailable",
      `the cycle in which coin ${outpoint} was taken has not settled in this file: fetch it again when it has`,
    );
  const spend = readDoubleSpend(networkId, {
    outpoint,
    parent: fromHex(parent),
    loser: fromHex(loser),
    winner: fromHex(winner),
  });
  return {
    parent: spend.made.body,
    index: splitOutpoint(outpoint).index,
    loser: { bytes: spend.loser, signer: spend.lost.signer },
    winner: spend.won.body,
    cycle: settlement.checkpoint.number,
    position: settlement.index,
    path: settlement.path.map((hash) => fromHex(hash)),
  };
}
