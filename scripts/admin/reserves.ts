/** Reserves on their way out, by a member's operator; on their way in they are `depositReserve`. */
import { withdraw } from "../../node/chain/calls.ts";
import type { ChainClient } from "../../node/chain/chain-client.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** What a member's burns of settled cycles have made withdrawable. */
export async function withdrawableOf(client: ChainClient, member: MemberId): Promise<Amount> {
  return (await client.reader.read("settlement", "withdrawable", [member]))[0];
}

/**
 * Takes out all that the operator's member may withdraw, to the operator's account.
 * @throws Refusal `insufficient-funds` if that is nothing; ChainRevert for who is no operator.
 */
export async function withdrawReserves(client: ChainClient, member: MemberId) {
  if ((await withdrawableOf(client, member)) === 0n)
    throw new Refusal(
      "insufficient-funds",
      `nothing of member ${member} is withdrawable: burn coins of the vault, and wait until their cycle has settled`,
    );
  return client.send(withdraw());
}
