/**
 * Who pays whom for the net positions of a cycle. A position says how much more money of the ledger a member
 * keeps after the cycle than before; as much in reserves has come to it from those who keep less. All positions
 * add up to zero, and from them alone every member works out the same transfers, one fewer than there are
 * members at most.
 */
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";

export type Position = { readonly member: MemberId; readonly delta: bigint };

export type NetTransfer = {
  readonly debtor: MemberId;
  readonly creditor: MemberId;
  readonly amount: Amount;
};

/** Payers and payees ascending by member, each payer paying those that are not paid yet. */
export function netTransfers(positions: readonly Position[]): NetTransfer[] {
  const ascending = positions.toSorted((a, b) => a.member - b.member);
  if (ascending.reduce((sum, { delta }) => sum + delta, 0n) !== 0n) {
    throw new Error("the positions of a cycle do not add up to zero");
  }
  const payees = ascending
    .filter(({ delta }) => delta > 0n)
    .map(({ member, delta }) => ({ member, open: delta }));
  const transfers: NetTransfer[] = [];
  for (const { member: debtor, delta } of ascending) {
    for (let owed = -delta; owed > 0n; ) {
      const payee = payees.find(({ open }) => open > 0n)!;
      const amount = owed < payee.open ? owed : payee.open;
      transfers.push({ debtor, creditor: payee.member, amount });
      payee.open -= amount;
      owed -= amount;
    }
  }
  return transfers;
}
