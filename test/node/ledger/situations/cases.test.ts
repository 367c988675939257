/** Situations: what bytes alone cannot prove is a case, and what a case and a report owe each other. */
import assert from "node:assert/strict";
import { ownerOf } from "../../../../protocol/key.ts";
import type { NodeSigner } from "../../../../protocol/p256-node.ts";
import type { SignedRecord } from "../../../../protocol/record.ts";
import { checkIdentities } from "../../../../node/ledger/identities.ts";
import type { Statement } from "../../../simulation/disputes.ts";
import { RECLAIM_DELAY_S } from "../../../support/ledger.ts";
import { type Coin, coinsOf, idOf, keyOf, pay, spend } from "../../../support/ledger-parts.ts";
import { CLAIM_PERIOD_S, isRefused, Scene } from "./scene.ts";

describe("a case", () => {
  let scene: Scene;
  let ann: NodeSigner;
  let bob: NodeSigner;
  let carl: NodeSigner;

  beforeEach(async () => {
    scene = Scene.open(100n);
    ann = await scene.enrol("ann", 1);
    bob = await scene.enrol("bob", 2);
    carl = await scene.enrol("carl", 2);
  });

  const award = (to: NodeSigner, member: number, amount: bigint) => ({
    owner: ownerOf(to.publicKey),
    member,
    amount,
  });

  const receipt = (coin: Coin): Statement => ({
    kind: "receipt",
    subject: coin.outpoint,
    member: coin.output.custodian,
    most: coin.output.amount,
  });

  it("about a receipt for a coin that never was: the last holders have what they took for money, from the bank that signed [R-030] [R-164] [N-12]", async () => {
    const { disputes } = scene;
    const forged: Coin = { outpoint: `0x${"ab".repeat(33)}`, output: pay(ann, 1, 90n) };
    const outputs = [pay(bob, 2, 60n), pay(ann, 1, 30n)];
    const first = await spend({ signer: ann, inputs: [forged], outputs });
    const onward = { signer: bob, inputs: [coinsOf(first)[0]!], outputs: [pay(carl, 2, 60n)] };
    scene.refuse("unknown-coin", first);
    scene.refuse("unknown-coin", await spend(onward));
    const about = receipt(forged);
    assert.throws(
      () => disputes.openStatement(2, about, [award(carl, 2, 91n)]),
      isRefused("DisputesAboveStatement"),
    );
    const number = disputes.openStatement(2, about, [award(carl, 2, 60n)]);
    disputes.answer(number);
    disputes.rule(number, true);
    scene.fold(disputes.enforce(number));
    assert.equal(scene.balanceOf(carl), 60n);
    assert.equal(disputes.bonds.account(1).bond, 10_000n - 60n);
    assert.throws(
      () => disputes.openStatement(2, about, [award(bob, 2, 31n)]),
      isRefused("DisputesAboveStatement"),
    );
  });

  it("about a receipt that was true, and unanswered: the bank pays for its silence, and money stays in balance [R-166] [N-12]", async () => {
    const { disputes } = scene;
    const coin = await scene.coin(pay(ann, 1, 80n));
    const payment = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 80n)] });
    const number = disputes.openStatement(2, receipt(coin), [award(bob, 2, 80n)]);
    assert.throws(() => disputes.ruleUnanswered(number), isRefused("DisputesDeadlineAhead"));
    scene.timeS += CLAIM_PERIOD_S + 1;
    assert.throws(() => disputes.answer(number), isRefused("DisputesDeadlinePassed"));
    disputes.ruleUnanswered(number);
    scene.fold(disputes.enforce(number));
    scene.apply(payment);
    assert.equal(scene.balanceOf(bob), 160n);
    assert.equal(disputes.bonds.account(1).bond, 10_000n - 80n);
    const { coinsAndBurns, reserves } = checkIdentities(scene.state);
    assert.deepEqual([coinsAndBurns, reserves], [160n, 160n]);
  });

  it("about a receipt that nobody answers, for more than the bond can spare: an accomplice gets nothing of it, and who was cheated is paid by a ruling [R-166] [N-12]", async () => {
    scene = Scene.open(1000n, 3080n);
    bob = await scene.enrol("bob", 2);
    const { disputes } = scene;
    const forged = (of: string, amount: bigint): Statement => {
      return { kind: "receipt", subject: of, member: 1, most: amount };
    };
    assert.throws(
      () => disputes.openStatement(1, forged("its own", 3080n), [award(ann, 1, 3080n)]),
      isRefused("DisputesOwnCase"),
    );
    const accomplice = disputes.openStatement(2, forged("one", 3080n), [award(ann, 1, 3080n)]);
    const honest = disputes.openStatement(3, forged("another", 81n), [award(bob, 2, 81n)]);
    scene.timeS += CLAIM_PERIOD_S + 1;
    for (const number of [accomplice, honest])
      assert.throws(() => disputes.ruleUnanswered(number), isRefused("DisputesBondNeeded"));
    disputes.rule(accomplice, false);
    // The minimum leaves 80.
    assert.throws(() => disputes.ruleUnanswered(honest), isRefused("DisputesBondNeeded"));
    disputes.rule(honest, true);
    scene.fold(disputes.enforce(honest));
    assert.equal(scene.balanceOf(bob), 81n);
    assert.equal(disputes.bonds.account(1).bond, 2999n);
  });

  it("about a receipt on which an accomplice asks for a unit too: nobody is ruled for unheard, and who lost has all of it [R-166] [N-12]", async () => {
    const { disputes } = scene;
    const about: Statement = { kind: "receipt", subject: "forged", member: 1, most: 90n };
    const honest = disputes.openStatement(2, about, [award(carl, 2, 90n)]);
    const rival = disputes.openStatement(3, about, [award(ann, 1, 1n)]);
    scene.timeS += CLAIM_PERIOD_S + 1;
    for (const number of [rival, honest])
      assert.throws(() => disputes.ruleUnanswered(number), isRefused("DisputesRivalClaims"));
    disputes.rule(rival, false);
    disputes.ruleUnanswered(honest);
    scene.fold(disputes.enforce(honest));
    assert.deepEqual([scene.balanceOf(carl), scene.balanceOf(ann)], [90n, 0n]);
  });

  it("about a receipt that was true, and answered: nothing is paid [R-032]", async () => {
    const { disputes } = scene;
    const coin = await scene.coin(pay(ann, 1, 80n));
    const number = disputes.openStatement(2, receipt(coin), [award(bob, 2, 80n)]);
    disputes.answer(number);
    disputes.rule(number, false);
    assert.throws(() => disputes.enforce(number), isRefused("DisputesWrongStatus"));
    assert.deepEqual([scene.balanceOf(bob), scene.paid], [0n, 0n]);
    // Nor is the bank asked again, until one day it fails to answer.
    for (const amount of [80n, 1n]) {
      assert.throws(
        () => disputes.openStatement(2, receipt(coin), [award(bob, 2, amount)]),
        isRefused("DisputesRuledAgainst"),
      );
    }
  });

  describe("and a report on one pair", () => {
    let coin: Coin;
    let winner: SignedRecord;
    let loser: SignedRecord;

    /** More than the guarantee, so that a case is what is left. */
    beforeEach(async () => {
      coin = await scene.coin(pay(ann, 1, 150n));
      winner = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 150n)] });
      loser = await spend({ signer: ann, inputs: [coin], outputs: [pay(carl, 2, 150n)] });
      scene.apply(winner);
      scene.settleCycle();
    });

    const ruled = (number: number) => {
      scene.disputes.answer(number);
      scene.disputes.rule(number, true);
      return number;
    };

    it("the case first: the report is refused, and the loser applies once [N-12] [R-032]", () => {
      const { disputes } = scene;
      const proof = scene.proof(coin, loser, winner);
      scene.fold(disputes.enforce(ruled(disputes.openDoubleSpend(2, proof))));
      scene.guarantee(1, 1000n);
      scene.refuseReport("DisputesPairTaken", proof);
      scene.apply(loser);
      scene.refuse("duplicate", loser);
      assert.equal(scene.paid, 150n);
    });

    it("the report first: no case can be opened [N-12]", () => {
      scene.guarantee(1, 1000n);
      const proof = scene.proof(coin, loser, winner);
      const open = () => scene.disputes.openDoubleSpend(2, proof);
      assert.throws(open, isRefused("DisputesReportable"));
      scene.report(coin, loser, winner);
      assert.throws(open, isRefused("DisputesPairTaken"));
      scene.apply(loser);
      assert.equal(scene.paid, 150n);
    });

    it("the report while the case is open, or ruled: the case ends with nothing paid [N-12]", () => {
      const { disputes } = scene;
      const number = ruled(disputes.openDoubleSpend(2, scene.proof(coin, loser, winner)));
      scene.guarantee(1, 1000n);
      scene.report(coin, loser, winner);
      scene.fold(disputes.enforce(number));
      assert.equal(disputes.statusOf(number), "lapsed");
      scene.apply(loser);
      assert.equal(scene.paid, 150n);
      assert.equal(disputes.bonds.account(1).claimed, 0n);
    });

    it("two cases of two banks: the second to be enforced pays nothing [N-12]", () => {
      const { disputes } = scene;
      const proof = scene.proof(coin, loser, winner);
      const numbers = [2, 3].map((claimant) => ruled(disputes.openDoubleSpend(claimant, proof)));
      const events = numbers.flatMap((number) => disputes.enforce(number));
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ["restituted", "revoked"],
      );
      scene.fold(events);
      scene.apply(loser);
      assert.equal(disputes.bonds.stateOf(coin.outpoint, idOf(loser)), "restituted");
    });
  });

  it("about a payee certified but never enrolled: the payment is void, the payer's bank takes the coin back, and the certifying bank pays the last holders [R6] [N-12]", async () => {
    const { disputes } = scene;
    const eve = keyOf("eve");
    const coin = await scene.coin(pay(ann, 1, 90n));
    const payment = await spend({ signer: ann, inputs: [coin], outputs: [pay(eve, 2, 90n)] });
    const inputs = coinsOf(payment);
    const onward = await spend({ signer: eve, inputs, outputs: [pay(carl, 2, 90n)] });
    scene.refuse("unknown-recipient", payment);
    scene.refuse("unknown-coin", onward);
    scene.revoke(1, ann);
    scene.timeS += RECLAIM_DELAY_S;
    scene.apply(await scene.takeBack(1, coin));
    const certificate = { kind: "certificate", subject: "eve's", member: 2, most: 500n } as const;
    const number = disputes.openStatement(1, certificate, [award(carl, 2, 90n)]);
    scene.timeS += CLAIM_PERIOD_S + 1;
    disputes.ruleUnanswered(number);
    scene.fold(disputes.enforce(number));
    assert.equal(scene.balanceOf(carl), 90n);
    assert.equal(scene.balanceOf(scene.bank(1).treasury), 90n);
    assert.equal(disputes.bonds.account(2).bond, 10_000n - 90n);
    scene.refuse("spent", payment);
  });
});
