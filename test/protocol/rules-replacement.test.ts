/** The rules of restituted coins: a losing record applies whole through the coins that were made for it. */
import assert from "node:assert/strict";
import { lock } from "../../protocol/output.ts";
import type { NodeSigner } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { RECLAIM_DELAY_S, TestLedger } from "../support/ledger.ts";
import { type Coin, coinsOf, idOf, pay, reclaim, spend } from "../support/ledger-parts.ts";

describe("the rules of a restituted coin", () => {
  let ledger: TestLedger;
  let ann: NodeSigner;
  let bob: NodeSigner;
  let coin: Coin;
  let other: Coin;
  let winner: SignedRecord;
  let loser: SignedRecord;

  /** Ann pays Bob with one coin what she paid him with two. */
  beforeEach(async () => {
    ledger = new TestLedger(1, 2);
    ann = await ledger.enrol("ann", 1);
    bob = await ledger.enrol("bob", 2);
    coin = await ledger.coin(pay(ann, 1, 100n));
    other = await ledger.coin(pay(ann, 1, 5n));
    winner = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    const outputs = [pay(bob, 2, 80n), pay(ann, 1, 25n)];
    loser = await spend({ signer: ann, inputs: [coin, other], outputs });
    ledger.apply(winner);
    assert.match(ledger.refuse("spent", loser), new RegExp(idOf(winner)));
  });

  it("apply the loser whole, its other inputs standing [R3] [N-12]", async () => {
    const made = ledger.restitute(coin, loser);
    assert.deepEqual(ledger.state.coin(made.outpoint), made.output);
    assert.equal(ledger.state.restitutedAtS(made.outpoint), ledger.timeS);
    ledger.apply(loser);
    assert.equal(ledger.state.coin(made.outpoint), undefined);
    assert.equal(ledger.state.restitutedAtS(made.outpoint), undefined);
    assert.equal(ledger.state.coin(other.outpoint), undefined);
    for (const { outpoint, output } of coinsOf(loser))
      assert.deepEqual(ledger.state.coin(outpoint), output);
    assert.equal(ledger.state.custodyOf(2), 180n);
    ledger.refuse("duplicate", loser);
  });

  it("let stand by themselves the records that were made from the loser's outputs [R3] [R-027]", async () => {
    const outputs = [pay(ann, 1, 80n)];
    const child = await spend({ signer: bob, inputs: [coinsOf(loser)[0]!], outputs });
    ledger.refuse("unknown-coin", child);
    ledger.restitute(coin, loser);
    ledger.apply(loser, child);
  });

  it("do not apply the loser while another of its inputs is lost, until that is restituted too [R3]", async () => {
    const thief = await spend({ signer: ann, inputs: [other], outputs: [pay(bob, 2, 5n)] });
    ledger.apply(thief);
    const made = ledger.restitute(coin, loser);
    assert.match(ledger.refuse("spent", loser), new RegExp(idOf(thief)));
    assert.deepEqual(ledger.state.coin(made.outpoint), made.output);
    ledger.restitute(other, loser);
    ledger.apply(loser);
  });

  it("give the coin to no other record: not by naming the lost coin, nor the one made for it [R3] [R-111]", async () => {
    const made = ledger.restitute(coin, loser);
    const outputs = [pay(ann, 1, 100n)];
    const third = await spend({ signer: ann, inputs: [coin], outputs });
    assert.match(ledger.refuse("spent", third), new RegExp(idOf(winner)));
    ledger.refuse("unknown-coin", await spend({ signer: ann, inputs: [made], outputs }));
    ledger.refuse("duplicate", winner);
    ledger.apply(loser);
  });

  it("take the coin itself where it still stands, and leave the replacement [R3]", async () => {
    const lone = await ledger.coin(pay(ann, 1, 7n));
    const record = await spend({ signer: ann, inputs: [lone], outputs: [pay(bob, 2, 7n)] });
    const made = ledger.restitute(lone, record);
    ledger.apply(record);
    assert.equal(ledger.state.coin(lone.outpoint), undefined);
    assert.deepEqual(ledger.state.coin(made.outpoint), made.output);
  });

  it("hold the loser to the other rules [R4] [R6]", async () => {
    const outputs = [pay(bob, 1, 100n)];
    const astray = await spend({ signer: ann, inputs: [coin], outputs });
    ledger.restitute(coin, astray);
    ledger.refuse("unknown-recipient", astray);
    const stolen = await spend({ signer: bob, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    ledger.restitute(coin, stolen);
    ledger.refuse("wrong-owner", stolen);
  });

  describe("when nobody comes for it", () => {
    let made: Coin;

    const takeBack = (input: Coin) => {
      const { treasury: signer } = ledger.bank(1);
      const outputs = [pay(signer, 1, input.output.amount)];
      return reclaim({ signer, inputs: [input], outputs });
    };

    beforeEach(() => {
      ledger.revoke(1, ann);
      ledger.timeS += RECLAIM_DELAY_S / 2;
      made = ledger.restitute(coin, loser);
      assert.equal(made.output.lock, lock.replacement);
    });

    it("let a reclaim take it by its own name, the delay after the restitution [R4]", async () => {
      const record = await takeBack(made);
      ledger.timeS += RECLAIM_DELAY_S - 1;
      ledger.refuse("not-reclaimable", record);
      ledger.timeS += 1;
      ledger.apply(record);
      assert.equal(ledger.state.restitutedAtS(made.outpoint), undefined);
      ledger.refuse("spent", loser);
    });

    it("never find it for a reclaim that names the lost coin [R3] [R4]", async () => {
      ledger.timeS += 2 * RECLAIM_DELAY_S;
      const record = await takeBack(coin);
      ledger.restitute(coin, record);
      ledger.refuse("spent", record);
    });

    it("refuse the reclaim where the owner is not revoked, and call it spent where the loser came [R3] [R4]", async () => {
      const lone = await ledger.coin(pay(bob, 2, 7n));
      const record = await spend({ signer: bob, inputs: [lone], outputs: [pay(ann, 1, 7n)] });
      const bobs = ledger.restitute(lone, record);
      ledger.timeS += 2 * RECLAIM_DELAY_S;
      const { treasury: signer } = ledger.bank(2);
      const back = { signer, inputs: [bobs], outputs: [pay(signer, 2, 7n)] };
      ledger.refuse("not-reclaimable", await reclaim(back));
      ledger.apply(loser);
      assert.match(ledger.refuse("spent", await takeBack(made)), new RegExp(idOf(loser)));
    });
  });
});
