/** A ledger in which every kind of entry stands, and how two states are compared whole. */
import { ownerOf } from "../../protocol/key.ts";
import type { LedgerState } from "../../node/ledger/state.ts";
import { rowsOf, TestLedger } from "./ledger.ts";
import { burn, keyOf, pay, promise, spend } from "./ledger-parts.ts";

/** All there is to know of a state. */
export function contentOf(state: LedgerState) {
  const { seq, inflow, boundarySupply, parameters, coinCount } = state;
  const members = state.memberIds().map((id) => [id, state.custodyOf(id), state.reserveOf(id)]);
  const entries = [...state.entries()];
  const owners = new Set(
    entries.flatMap((entry) => (entry.kind === "coin" ? entry.output.owner : [])),
  );
  const balances = [...owners].sort().map((owner) => [owner, state.balanceOf(owner)]);
  const accounts = { seq, inflow, boundarySupply, parameters, coinCount, members, balances };
  return { accounts, rows: rowsOf(entries) };
}

/** A ledger in which every kind of entry stands, two cycles are open to settle and one is settled. */
export async function fullLedger(): Promise<TestLedger> {
  const ledger = new TestLedger(1, 2, 3);
  const ann = await ledger.enrol("ann", 1);
  const bob = await ledger.enrol("bob", 2);
  const coin = await ledger.coin(pay(ann, 1, 100n));
  const outputs = [pay(bob, 2, 60n), pay(ann, 1, 40n)];
  ledger.apply(await spend({ signer: ann, inputs: [coin], outputs }));
  ledger.closeCycle();
  const loser = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
  ledger.restitute(coin, loser);
  ledger.revoke(1, ann);
  ledger.award(2, ownerOf(ann.publicKey), 1, 7n);
  const { treasury } = ledger.bank(3);
  const vault = ledger.deposit(3, 50n);
  const parts = [burn(3, 20n), pay(treasury, 3, 10n), promise(treasury.publicKey, 2, 20n)];
  ledger.apply(await spend({ signer: treasury, inputs: [vault], outputs: parts }));
  ledger.changeMember(3, { treasury: keyOf("new treasury of 3"), status: 2 });
  ledger.settle();
  ledger.closeCycle();
  await ledger.coin(pay(bob, 2, 3n));
  ledger.closeCycle();
  ledger.deposit(2, 4n);
  return ledger;
}
