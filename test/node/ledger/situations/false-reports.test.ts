/** Situations: reports that must not pay, by the name of the refusal, and what the ledger makes of the records. */
import assert from "node:assert/strict";
import { p256 } from "@noble/curves/nist.js";
import type { NodeSigner } from "../../../../protocol/p256-node.ts";
import { decodeRecord, encodeRecord, type SignedRecord } from "../../../../protocol/record.ts";
import {
  claim,
  type Coin,
  coinsOf,
  idOf,
  pay,
  promise,
  spend,
} from "../../../support/ledger-parts.ts";
import { CLAIM_PERIOD_S, Scene } from "./scene.ts";

describe("a report that must not pay", () => {
  let scene: Scene;
  let ann: NodeSigner;
  let bob: NodeSigner;
  let carl: NodeSigner;
  let coin: Coin;
  let winner: SignedRecord;
  let loser: SignedRecord;

  /** Ann pays Bob and Carl with one coin; Bob is first. */
  beforeEach(async () => {
    scene = Scene.open();
    ann = await scene.enrol("ann", 1);
    bob = await scene.enrol("bob", 2);
    carl = await scene.enrol("carl", 2);
    coin = await scene.coin(pay(ann, 1, 100n));
    winner = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    loser = await spend({ signer: ann, inputs: [coin], outputs: [pay(carl, 2, 100n)] });
    scene.apply(winner);
  });

  it("before the winner's cycle has settled, and pays once it has [N-02]", () => {
    scene.refuseReport("DisputesNotSettled", scene.proof(coin, loser, winner));
    scene.closeCycle();
    scene.refuseReport("DisputesNotSettled", scene.proof(coin, loser, winner));
    scene.settle();
    scene.report(coin, loser, winner);
    scene.apply(loser);
  });

  describe("though the winner's cycle has settled", () => {
    beforeEach(() => scene.settleCycle());

    it("names someone else's coin: neither its owner nor whoever signed is paid or revoked [R4] [N-02]", async () => {
      const stolen = await spend({ signer: carl, inputs: [coin], outputs: [pay(carl, 2, 100n)] });
      scene.refuseReport("DisputesNotOwner", scene.proof(coin, stolen, winner));
      scene.refuse("spent", stolen);
      for (const [bank, key] of [
        [1, ann],
        [2, carl],
      ] as const)
        assert.equal(scene.state.revokedAtS(bank, pay(key, bank, 1n).owner), undefined);
    });

    it("names a coin that never was: it has no parent to show, and stays unknown [R3] [R-030] [R-164]", async () => {
      const nothing = {
        ...coin,
        outpoint: coinsOf(winner)[0]!.outpoint.replace(/00$/, "07") as `0x${string}`,
      };
      const void_ = await spend({ signer: ann, inputs: [nothing], outputs: [pay(carl, 2, 100n)] });
      const proof = { ...scene.proof(nothing, void_, winner), coin: undefined };
      scene.refuseReport("DisputesNoSuchOutput", proof);
      scene.refuse("unknown-coin", void_);
    });

    it("is of a loser or a winner that does not name the coin [N-02]", async () => {
      const other = await scene.coin(pay(ann, 1, 5n));
      const elsewhere = await spend({ signer: ann, inputs: [other], outputs: [pay(carl, 2, 5n)] });
      scene.refuseReport("DisputesCoinNotNamed", scene.proof(coin, elsewhere, winner));
      scene.apply(elsewhere);
      scene.settleCycle();
      scene.refuseReport("DisputesCoinNotNamed", scene.proof(coin, loser, elsewhere));
    });

    it("comes a second time, or turned round once the loser has applied too [N-02] [R-111]", () => {
      scene.report(coin, loser, winner);
      scene.refuseReport("DisputesPairTaken", scene.proof(coin, loser, winner));
      scene.apply(loser);
      scene.settleCycle();
      scene.refuseReport("DisputesPairTaken", scene.proof(coin, winner, loser));
      scene.refuseReport("DisputesPairTaken", scene.proof(coin, loser, winner));
      scene.refuse("duplicate", winner);
      assert.equal(scene.paid, 100n);
    });

    it("gives the winner to a third record: what was restituted is no winner [N-02]", async () => {
      const third = await spend({
        signer: ann,
        inputs: [coin],
        outputs: [pay(carl, 2, 99n), pay(ann, 1, 1n)],
      });
      scene.report(coin, loser, winner);
      scene.apply(loser);
      scene.settleCycle();
      scene.refuseReport("DisputesPairTaken", scene.proof(coin, third, loser));
      scene.report(coin, third, winner);
      scene.apply(third);
      assert.equal(scene.balanceOf(carl), 199n);
    });

    it("shows one body twice, with two signatures: the ledger calls it a duplicate, and nobody is fined [R3] [N-02] [N-17]", async () => {
      const again = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
      assert.notDeepEqual(again.signature, winner.signature);
      assert.equal(idOf(again), idOf(winner));
      scene.refuseReport("DisputesSameRecord", scene.proof(coin, again, winner));
      scene.refuse("duplicate", again);
      assert.equal(scene.disputes.bonds.fines, 0n);
    });

    it("shows a signature with a high s, or of another body: it is none, and the true record is untouched [R2] [N-02]", () => {
      const { r, s } = p256.Signature.fromBytes(loser.signature);
      const high = new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes();
      for (const signature of [high, winner.signature]) {
        const forged = decodeRecord(encodeRecord({ ...loser, signature }));
        scene.refuseReport("DisputesBadSignature", scene.proof(coin, forged, winner));
        scene.refuse("bad-signature", forged);
      }
      scene.report(coin, loser, winner);
      scene.apply(loser);
    });

    it("says that the winner was applied in another cycle, or that a loser was [N-02]", async () => {
      scene.settleCycle();
      const proof = scene.proof(coin, loser, winner);
      scene.refuseReport("DisputesNotApplied", { ...proof, cycle: proof.cycle + 1 });
      const third = await spend({
        signer: ann,
        inputs: [coin],
        outputs: [pay(carl, 2, 1n), pay(ann, 1, 99n)],
      });
      scene.refuseReport("DisputesNotApplied", scene.proof(coin, loser, third));
    });

    it("comes after the claim period: a case is left, and pays the same pair [N-12] [R-032]", () => {
      const proof = scene.proof(coin, loser, winner);
      scene.timeS += CLAIM_PERIOD_S + 1;
      scene.refuseReport("DisputesTooLate", proof);
      const number = scene.disputes.openDoubleSpend(2, proof);
      scene.disputes.answer(number);
      scene.disputes.rule(number, true);
      scene.fold(scene.disputes.enforce(number));
      scene.apply(loser);
      assert.equal(scene.balanceOf(carl), 100n);
      assert.equal(scene.disputes.bonds.stateOf(coin.outpoint, idOf(loser)), "restituted");
    });

    it("is of a coin that waited for a secret: whoever knows it takes it, and no owner signed twice [R4] [N-02]", async () => {
      const preimage = new Uint8Array(32).fill(5);
      const promised = await scene.coin(promise(preimage, 2, 7n));
      const { treasury: signer } = scene.bank(2);
      const to = { inputs: [promised], outputs: [pay(bob, 2, 7n)] };
      const claimed = await claim({ signer, ...to, preimage });
      const other = await spend({ signer: ann, ...to });
      scene.apply(claimed);
      scene.settleCycle();
      scene.refuseReport("DisputesWrongLock", scene.proof(promised, other, claimed));
      scene.refuse("spent", other);
    });
  });
});
