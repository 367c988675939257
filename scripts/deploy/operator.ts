/** What a member's operator does on chain besides what its node does by itself. */
import * as calls from "../../node/chain/calls.ts";
import type { ChainClient } from "../../node/chain/chain-client.ts";
import type { Receipt } from "../../node/chain/transaction.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";

/** Pays reserves of the operator in, to become a vault coin of the member. */
export async function depositReserve(
  client: ChainClient,
  member: MemberId,
  amount: Amount,
): Promise<Receipt> {
  const { settlement } = client.network.contracts;
  const [allowance] = await client.reader.read("token", "allowance", [client.address, settlement]);
  if (allowance < amount) await client.send(calls.approve(settlement, amount));
  return client.send(calls.deposit(member, amount));
}
