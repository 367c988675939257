/** What a member shows the contract of a double spend: read from the evidence that any node gives. */
import type { DoubleSpendProof } from "../../node/chain/disputes.ts";
import { fromHex } from "../../protocol/bytes.ts";
import { readDoubleSpend } from "../../protocol/double-spend.ts";
import type { Evidence } from "../../protocol/evidence.ts";
import { splitOutpoint } from "../../protocol/output.ts";

/** @param evidence of one lost coin, whose winner's cycle has settled. */
export function proofOf(networkId: Uint8Array, { loser, losses }: Evidence): DoubleSpendProof {
  const { outpoint, parent, winner, settlement } = losses[0]!;
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
    cycle: settlement!.checkpoint.number,
    position: settlement!.index,
    path: settlement!.path.map((hash) => fromHex(hash)),
  };
}
