/** Situations: what a bank's bond and its guarantee bear, and what waits when they do not reach. */
import assert from "node:assert/strict";
import type { NodeSigner } from "../../../../protocol/p256-node.ts";
import type { SignedRecord } from "../../../../protocol/record.ts";
import { type Coin, idOf, pay, spend } from "../../../support/ledger-parts.ts";
import { CLAIM_PERIOD_S, isRefused, Scene } from "./scene.ts";

describe("a bank's bond and guarantee", () => {
  let scene: Scene;
  let ann: NodeSigner;
  let bob: NodeSigner;
  let carl: NodeSigner;

  const begin = async (guarantee: bigint, bond: bigint) => {
    scene = Scene.open(guarantee, bond);
    ann = await scene.enrol("ann", 1);
    bob = await scene.enrol("bob", 2);
    carl = await scene.enrol("carl", 2);
  };

  const pays = (signer: NodeSigner, coin: Coin, to: NodeSigner, bank: number) =>
    spend({ signer, inputs: [coin], outputs: [pay(to, bank, coin.output.amount)] });

  /** Ann pays Bob and Carl with one coin; Bob is first, and his cycle settles. */
  const doubleSpend = async (amount: bigint) => {
    const coin = await scene.coin(pay(ann, 1, amount));
    const [winner, loser] = [await pays(ann, coin, bob, 2), await pays(ann, coin, carl, 2)];
    scene.apply(winner);
    scene.settleCycle();
    return { coin, winner, loser };
  };

  it("pay for a vault coin that the bank loaded twice, above any guarantee: both customers have their load [R3] [N-12]", async () => {
    await begin(10n, 10_000n);
    const coin = scene.deposit(1, 500n);
    const { treasury } = scene.bank(1);
    const dora = await scene.enrol("dora", 1);
    const [winner, loser] = [
      await pays(treasury, coin, ann, 1),
      await pays(treasury, coin, dora, 1),
    ];
    scene.apply(winner);
    scene.refuse("spent", loser);
    scene.settleCycle();
    scene.report(coin, loser, winner);
    scene.apply(loser);
    assert.deepEqual(
      [ann, dora].map((key) => scene.balanceOf(key)),
      [500n, 500n],
    );
    assert.equal(scene.disputes.bonds.account(1).bond, 10_000n - 500n - 1000n);
  });

  it("that is short queue what they owe: the device is revoked at once, the bank impaired, and a top-up pays the oldest first [R3] [N-12]", async () => {
    await begin(1000n, 150n);
    const losses = [await doubleSpend(200n), await doubleSpend(50n), await doubleSpend(100n)];
    const { bonds } = scene.disputes;
    for (const { coin, loser, winner } of losses) {
      scene.report(coin, loser, winner);
      scene.refuse("spent", loser);
      assert.equal(bonds.stateOf(coin.outpoint, idOf(loser)), "queued");
      scene.refuseReport("DisputesPairTaken", scene.proof(coin, loser, winner));
    }
    assert.equal(scene.state.revokedAtS(1, losses[0]!.coin.output.owner), scene.timeS);
    assert.equal(bonds.isImpaired(1), true);
    assert.equal(scene.paid, 0n);
    // The second would be in reach, but the first was first.
    assert.throws(() => scene.payQueue(1), isRefused("DisputesNothingToPay"));
    bonds.deposit(1, 100n);
    scene.payQueue(1);
    assert.deepEqual(
      scene.sequence(...losses.map(({ loser }) => loser)).map(({ code }) => code),
      ["applied", "applied", "spent"],
    );
    assert.equal(bonds.isImpaired(1), true);
    bonds.deposit(1, 1000n);
    scene.payQueue(1);
    scene.apply(losses[2]!.loser);
    assert.equal(bonds.isImpaired(1), false);
    assert.equal(scene.balanceOf(carl), 350n);
    // The fines came last: 700 of them, and 900 were left.
    assert.deepEqual([bonds.fines, bonds.account(1).bond], [700n, 200n]);
  });

  it("pay one device no more than the guarantee: what is above it is a case, and the ruling pays the same pair [R-032] [N-12] [N-24]", async () => {
    await begin(150n, 10_000n);
    const [first, second] = [await doubleSpend(100n), await doubleSpend(60n)];
    scene.report(first.coin, first.loser, first.winner);
    const proof = scene.proof(second.coin, second.loser, second.winner);
    scene.refuseReport("DisputesAboveGuarantee", proof);
    scene.refuse("spent", second.loser);
    const { disputes } = scene;
    const number = disputes.openDoubleSpend(2, proof);
    disputes.answer(number);
    disputes.rule(number, true);
    scene.fold(disputes.enforce(number));
    scene.refuseReport("DisputesPairTaken", proof);
    scene.apply(first.loser, second.loser);
    assert.equal(scene.balanceOf(carl), 160n);
    // The device's double spends cost its bank the guarantee and the penalty, and what was ruled besides.
    assert.equal(disputes.bonds.account(1).bond, 10_000n - 3n * 160n);
  });

  it("lowered while claims are open, the guarantee stays for as long as these can be made [N-12] [N-24]", async () => {
    await begin(100n, 10_000n);
    const dora = await scene.enrol("dora", 1);
    const early = await doubleSpend(100n);
    ann = dora;
    const late = await doubleSpend(100n);
    scene.timeS += 60;
    scene.guarantee(1, 50n);
    scene.timeS += CLAIM_PERIOD_S - 60;
    scene.report(early.coin, early.loser, early.winner);
    scene.timeS += 61;
    scene.refuseReport("DisputesTooLate", scene.proof(late.coin, late.loser, late.winner));
    const after = await doubleSpend(100n);
    scene.refuseReport(
      "DisputesAboveGuarantee",
      scene.proof(after.coin, after.loser, after.winner),
    );
    scene.apply(early.loser);
    scene.refuse("spent", after.loser);
  });

  it("leave on request after the claim period, but never what a double spend, a queue or a case may need [N-12]", async () => {
    await begin(100n, 1000n);
    const { disputes } = scene;
    const loss: { coin: Coin; loser: SignedRecord; winner: SignedRecord } = await doubleSpend(200n);
    disputes.requestRelease(1, 1000n);
    assert.throws(() => disputes.releaseBond(1), isRefused("DisputesReleaseTooEarly"));
    disputes.openDoubleSpend(2, scene.proof(loss.coin, loss.loser, loss.winner));
    scene.timeS += CLAIM_PERIOD_S;
    // 1,000 less the guarantee and its penalty, and the open case.
    assert.equal(disputes.releaseBond(1), 1000n - 300n - 200n);
    disputes.requestRelease(1, 1n);
    scene.timeS += CLAIM_PERIOD_S;
    assert.throws(() => disputes.releaseBond(1), isRefused("DisputesBondNeeded"));
  });

  it("leave in the claim period after the one of the request, no more than there was: a request does not stand by [N-12]", async () => {
    await begin(100n, 1000n);
    const { disputes } = scene;
    disputes.requestRelease(1, 2n ** 127n);
    disputes.bonds.deposit(1, 5000n);
    scene.timeS += 2 * CLAIM_PERIOD_S + 1;
    assert.throws(() => disputes.releaseBond(1), isRefused("DisputesReleaseTooLate"));
    disputes.requestRelease(1, 1000n);
    disputes.bonds.deposit(1, 5000n);
    scene.timeS += 2 * CLAIM_PERIOD_S;
    assert.equal(disputes.releaseBond(1), 1000n);
  });
});
