/** What a member's operator does on chain besides what its node does by itself. */
import * as calls from "../../node/chain/calls.ts";
import type { ChainClient } from "../../node/chain/chain-client.ts";
import { addressOf } from "../../node/chain/contracts.ts";
import type { Receipt } from "../../node/chain/transaction.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";

/** Pays reserves of the operator in, to become a vault coin of the member. */
export async function depositReserve(
  client: ChainClient,
  member: MemberId,
  amount: Amount,
): Promise<Receipt> {
  await allow(client, "settlement", amount);
  return client.send(calls.deposit(member, amount));
}

/** Pays reserves of the operator into the member's bond, until it holds `amount`. */
export async function fillBond(
  client: ChainClient,
  member: MemberId,
  amount: Amount,
): Promise<Receipt | undefined> {
  const missing = amount - (await client.reader.bond(member)).amount;
  return missing <= 0n ? undefined : await addToBond(client, member, missing);
}

/** Pays reserves of the operator into a member's bond: its own, or another's. */
export async function addToBond(
  client: ChainClient,
  member: MemberId,
  amount: Amount,
): Promise<Receipt> {
  await allow(client, "disputes", amount);
  return client.send(calls.depositBond(member, amount));
}

async function allow(
  client: ChainClient,
  contract: "settlement" | "disputes",
  amount: Amount,
): Promise<void> {
  const spender = addressOf(client.network.contracts, contract);
  const [allowance] = await client.reader.read("token", "allowance", [client.address, spender]);
  if (allowance < amount) await client.send(calls.approve(spender, amount));
}
