/** What an owner holds, as the node says it: right while coins come and go, and never counted coin by coin. */
import assert from "node:assert/strict";
import { type QueriesParts, Queries } from "../../../node/api/queries.ts";
import { LedgerState } from "../../../node/ledger/state.ts";
import { PendingPool } from "../../../node/pending-pool.ts";
import { type Owner, ownerOf } from "../../../protocol/key.ts";
import { joinOutpoint, type Outpoint, type Output } from "../../../protocol/output.ts";
import { keyOf, pay, spend } from "../../support/ledger-parts.ts";
import { TestLedger } from "../../support/ledger.ts";

/** Counts the coins that it is asked for one by one. */
class CountedState extends LedgerState {
  walked = 0;

  override *coinsOf(owner: Owner): Generator<readonly [Outpoint, Output]> {
    for (const coin of super.coinsOf(owner)) {
      this.walked++;
      yield coin;
    }
  }
}

function queriesOver(state: LedgerState): Queries {
  const pool = new PendingPool({ leavesMax: 10, bytesMax: 10_000, ageMaxMs: 1_000 }, () => 0);
  // What an owner holds takes no more of a node than this.
  return new Queries({ replica: { state }, pool } as unknown as QueriesParts);
}

describe("what an owner holds", () => {
  it("is right while coins come and go, as of the event it names", async () => {
    const ledger = new TestLedger(1, 2);
    const queries = queriesOver(ledger.state);
    const ann = await ledger.enrol("ann", 1);
    const owner = ownerOf(ann.publicKey);
    const holds = (coins: number, balance: string) =>
      assert.deepEqual(queries.owner(owner), {
        owner,
        member: 1,
        seq: ledger.state.seq,
        coins,
        balance,
      });
    holds(0, "0");
    const first = await ledger.coin(pay(ann, 1, 100n));
    const second = await ledger.coin(pay(ann, 1, 30n));
    holds(2, "130");
    const bob = await ledger.enrol("bob", 2);
    const outputs = [pay(bob, 2, 60n), pay(ann, 1, 40n)];
    ledger.apply(await spend({ signer: ann, inputs: [first], outputs }));
    holds(2, "70");
    ledger.apply(await spend({ signer: ann, inputs: [second], outputs: [pay(bob, 2, 30n)] }));
    holds(1, "40");
    ledger.award(2, owner, 1, 7n);
    holds(2, "47");
    const stranger = ownerOf(keyOf("a stranger").publicKey);
    const none = { member: null, seq: ledger.state.seq, coins: 0, balance: "0" };
    assert.deepEqual(queries.owner(stranger), { owner: stranger, ...none });
  });

  it("is answered without a walk over the coins, and a list of them ends at a thousand", () => {
    const state = new CountedState(1);
    const owner = ownerOf(keyOf("a merchant").publicKey);
    for (let i = 0; i < 3_000; i++) {
      const outpoint = joinOutpoint(`0x${i.toString(16).padStart(64, "0")}`, 0);
      const output = { lock: 0, owner, custodian: 1, amount: 2n ** 63n } as const;
      state.load({ kind: "coin", outpoint, output });
    }
    const queries = queriesOver(state);
    const { coins, balance } = queries.owner(owner);
    assert.deepEqual([coins, balance], [3_000, String(3_000n * 2n ** 63n)]);
    assert.equal(state.walked, 0);
    assert.equal(queries.coinsOf(owner).coins.length, 1_000);
    assert.ok(state.walked <= 1_001, `${state.walked} coins`);
  });
});
