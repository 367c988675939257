/** What the ledger and its reference must agree on: sums after every event, and whole at the end of a cycle. */
import assert from "node:assert/strict";
import type { StateEntry } from "../../protocol/state-entry.ts";
import type { LedgerState } from "../../node/ledger/state.ts";
import type { Run } from "./run.ts";

/** How many coins there are, custody and reserves. */
export function compareSums(run: Run, state: LedgerState = run.state): void {
  const { model, contract, banks } = run;
  assert.equal(state.coinCount, model.notes.size, "coins");
  for (const bank of banks) {
    assert.equal(state.custodyOf(bank), model.heldAt(bank), `custody of ${bank}`);
    assert.equal(state.reserveOf(bank), contract.reserveOf(bank), `the reserve of ${bank}`);
  }
}

/** Every coin and every balance, and what they come to. */
export function compareRows(run: Run, state: LedgerState = run.state): void {
  const { model, names } = run;
  compareSums(run, state);
  for (const [name, note] of model.notes) {
    assert.deepEqual(state.coin(names.outpoint(name)), names.output(note), name);
  }
  for (const [holder, value] of model.balances()) {
    let held = 0n;
    for (const [, { amount }] of state.coinsOf(names.owner(holder))) held += amount;
    assert.equal(held, value, `the balance of ${holder}`);
  }
}

/** Every entry that the state root covers, and none beside. */
export function compareWhole(run: Run): void {
  const { state, model, names, banks, contract } = run;
  const entries = [...state.entries()];
  const count = (kind: StateEntry["kind"]) => entries.filter((entry) => entry.kind === kind).length;
  const amends = [...model.notes].filter(([, { terms }]) => terms === "amends");
  for (const [name, { since }] of amends)
    assert.equal(state.restitutedAtS(names.outpoint(name)), since, name);
  assert.equal(count("restituted"), amends.length, "times of restitutions");
  for (const [key, bank] of model.homes)
    assert.equal(state.custodianOf(names.owner(key)), bank, key);
  assert.equal(count("enrolled"), model.homes.size, "enrolments");
  const blocked = [...model.blocked].flatMap(([bank, holders]) =>
    [...holders].map(([holder, time]) => ({ bank, holder, time })),
  );
  for (const { bank, holder, time } of blocked)
    assert.equal(state.revokedAtS(bank, names.owner(holder)), time, holder);
  assert.equal(count("revoked"), blocked.length, "revocations");
  for (const bank of banks) {
    const { vaults, vault } = model.banks.get(bank)!;
    const owners = [vault, ...vaults.filter((key) => key !== vault)].map((key) => names.owner(key));
    assert.deepEqual(state.member(bank)!.treasuryOwners, owners, `the vaults of ${bank}`);
  }
  assert.equal(count("member"), banks.length);
  assert.equal(count("reserve"), banks.length);
  let windows = 0;
  for (let cycle = contract.settled + 1; cycle <= model.cycle; cycle++) {
    for (const bank of banks) {
      const window = { delta: model.movedIn(cycle, bank), burns: model.burntIn(cycle, bank) };
      assert.deepEqual(state.window(cycle, bank), window, `cycle ${cycle} of ${bank}`);
      if (window.delta !== 0n || window.burns !== 0n) windows++;
    }
  }
  assert.equal(count("window"), windows, "windows");
}
