/**
 * Situations: a lost card. Its bank revokes the key, waits out the delay and takes back what is left. What
 * the card had spent offline and nobody synced in time is paid from the bank's bond: it vouched for coins
 * that were gone.
 */
import assert from "node:assert/strict";
import type { NodeSigner } from "../../../../protocol/p256-node.ts";
import type { SignedRecord } from "../../../../protocol/record.ts";
import { RECLAIM_DELAY_S } from "../../../support/ledger.ts";
import { type Coin, coinsOf, pay, spend } from "../../../support/ledger-parts.ts";
import { Scene } from "./scene.ts";

type Move = "payee syncs" | "bank reclaims" | "cycle settles" | "loss is reported";
const MOVES: readonly Move[] = [
  "payee syncs",
  "bank reclaims",
  "cycle settles",
  "loss is reported",
];
const MOVES_MAX = 4;
const END: readonly Move[] = [...MOVES.slice(2), ...MOVES.slice(0, 2)];

/** Every sequence of moves, up to a length. */
function* playsOf(length: number): Generator<Move[]> {
  yield [];
  if (length === 0) return;
  for (const rest of playsOf(length - 1)) for (const move of MOVES) yield [...rest, move];
}

describe("a lost card", () => {
  let scene: Scene;
  let ann: NodeSigner;
  let bob: NodeSigner;
  let carl: NodeSigner;
  let coin: Coin;
  let payment: SignedRecord;

  /** A card with 100 pays 30 offline and is lost. Its bank blocks it, and the delay passes. */
  const loseCard = async (guarantee = 1000n, bond = 10_000n) => {
    scene = Scene.open(guarantee, bond);
    ann = await scene.enrol("ann", 1);
    bob = await scene.enrol("bob", 2);
    carl = await scene.enrol("carl", 2);
    coin = await scene.coin(pay(ann, 1, 100n));
    const outputs = [pay(bob, 2, 30n), pay(ann, 1, 70n)];
    payment = await spend({ signer: ann, inputs: [coin], outputs });
    scene.revoke(1, ann);
    scene.timeS += RECLAIM_DELAY_S;
  };

  /** The bank takes back all that the card has on the ledger. */
  const takeAllBack = async () => {
    const left = scene.coinsOf(ann).filter(({ output }) => output.lock === 0);
    if (left.length === 0) return undefined;
    const record = await scene.takeBack(1, ...left);
    scene.apply(record);
    return record;
  };

  /** What the bank has: its vault, less what its bond paid and the fines. */
  const bankHas = () => scene.balanceOf(scene.bank(1).treasury) - scene.paid;

  it("with 100 of which 30 were spent offline: the payee has 30 and the bank 70, in every order of events [R3] [R4] [N-06] [N-12]", async () => {
    const paid = new Set<bigint>();
    for (const moves of playsOf(MOVES_MAX)) {
      await loseCard();
      let reclaim: SignedRecord | undefined;
      const move = {
        "payee syncs": () => scene.sequence(payment),
        "bank reclaims": async () => {
          const record = await takeAllBack();
          if (record?.inputs.includes(coin.outpoint) === true) reclaim = record;
        },
        "cycle settles": () => scene.settleCycle(),
        "loss is reported": () => {
          if (reclaim === undefined) return;
          const proof = scene.proof(coin, payment, reclaim);
          const { bonds } = scene.disputes;
          const isDone = bonds.stateOf(proof.outpoint, proof.loser.id) !== undefined;
          if (isDone) scene.refuseReport("DisputesPairTaken", proof);
          else if (scene.settledAtS(proof.cycle) === undefined)
            scene.refuseReport("DisputesNotSettled", proof);
          else scene.report(coin, payment, reclaim);
        },
      } satisfies Record<Move, () => unknown>;
      for (const name of [...moves, ...END]) await move[name]();
      assert.equal(scene.balanceOf(bob), 30n, moves.join(", "));
      assert.equal(bankHas(), 70n, moves.join(", "));
      assert.equal(scene.balanceOf(ann), 0n, moves.join(", "));
      assert.equal(scene.disputes.bonds.fines, 0n, moves.join(", "));
      paid.add(scene.paid);
    }
    // Both ways there were: the payee was first, or was paid from the bond.
    assert.deepEqual(paid, new Set([0n, 100n]));
  });

  it("that two honest payees were paid with, one from the change of the other: both are made whole by one restitution [R3] [N-06] [N-12]", async () => {
    await loseCard();
    const [, change] = coinsOf(payment);
    const outputs = [pay(carl, 2, 20n), pay(ann, 1, 50n)];
    const second = await spend({ signer: ann, inputs: [change!], outputs });
    const reclaim = (await takeAllBack())!;
    scene.refuse("spent", payment);
    scene.refuse("unknown-coin", second);
    scene.settleCycle();
    scene.report(coin, payment, reclaim);
    scene.apply(payment, second);
    await takeAllBack();
    assert.deepEqual(
      [bob, carl, ann].map((key) => scene.balanceOf(key)),
      [30n, 20n, 0n],
    );
    assert.equal(bankHas(), 50n);
  });

  it("that two honest payees were paid with from coins of their own: each is restituted, and neither counts or is fined [R3] [N-06]", async () => {
    await loseCard();
    const other = await scene.coin(pay(ann, 1, 2000n));
    const outputs = [pay(carl, 2, 2000n)];
    const second = await spend({ signer: ann, inputs: [other], outputs });
    const reclaim = (await takeAllBack())!;
    assert.deepEqual(reclaim.inputs.toSorted(), [coin.outpoint, other.outpoint].toSorted());
    scene.settleCycle();
    scene.report(other, second, reclaim);
    scene.report(coin, payment, reclaim);
    scene.apply(payment, second);
    assert.deepEqual(
      [bob, carl].map((key) => scene.balanceOf(key)),
      [30n, 2000n],
    );
    assert.equal(scene.disputes.bonds.fines, 0n);
  });

  it("that was cloned before: the second payee of one reclaimed coin counts against the guarantee [N-12]", async () => {
    await loseCard(100n);
    const clones = await Promise.all(
      [1, 2].map((counter) =>
        spend({ signer: ann, inputs: [coin], outputs: [pay(carl, 2, 100n)], counter }),
      ),
    );
    const reclaim = (await takeAllBack())!;
    scene.settleCycle();
    scene.report(coin, payment, reclaim);
    scene.report(coin, clones[0]!, reclaim);
    scene.refuseReport("DisputesAboveGuarantee", scene.proof(coin, clones[1]!, reclaim));
    scene.guarantee(1, 200n);
    scene.report(coin, clones[1]!, reclaim);
    scene.apply(payment, ...clones);
    assert.equal(scene.balanceOf(carl), 200n);
    assert.equal(scene.disputes.bonds.fines, 0n);
  });

  it("whose payee never comes, though it was paid for: the bank takes that back after the delay too, and the payee is told who has it [R3] [R4]", async () => {
    await loseCard();
    const reclaim = (await takeAllBack())!;
    scene.settleCycle();
    scene.report(coin, payment, reclaim);
    const [waiting] = scene.coinsOf(ann);
    const back = await scene.takeBack(1, waiting!);
    scene.timeS += RECLAIM_DELAY_S - 1;
    scene.refuse("not-reclaimable", back);
    scene.timeS += 1;
    scene.apply(back);
    assert.match(scene.refuse("spent", payment), /taken by record/);
    assert.equal(bankHas(), 100n);
  });

  it("whose payee the bond cannot spare: the bank adds to it and the payee is paid, or a regulator rules [R3] [N-06] [N-12]", async () => {
    for (const isAdding of [true, false]) {
      // The minimum, and all but a unit of the coin.
      await loseCard(1000n, 3099n);
      const reclaim = (await takeAllBack())!;
      scene.settleCycle();
      const { disputes } = scene;
      const proof = scene.proof(coin, payment, reclaim);
      scene.refuseReport("DisputesBondNeeded", proof);
      if (isAdding) {
        disputes.bonds.deposit(1, 1n);
        scene.report(coin, payment, reclaim);
      } else {
        const number = disputes.openDoubleSpend(2, proof);
        disputes.answer(number);
        disputes.rule(number, true);
        scene.fold(disputes.enforce(number));
      }
      scene.apply(payment);
      await takeAllBack();
      assert.deepEqual([scene.balanceOf(bob), bankHas()], [30n, 70n]);
    }
  });

  it("that the bank lost to itself: it has the coin twice only if the bond could spare it [N-12]", async () => {
    scene = Scene.open(3000n);
    const { treasury } = scene.bank(1);
    const card = await scene.enrol("card", 1);
    coin = await scene.coin(pay(card, 1, 1001n));
    const outputs = [pay(treasury, 1, 1001n)];
    const lost = await spend({ signer: card, inputs: [coin], outputs });
    scene.revoke(1, card);
    scene.timeS += RECLAIM_DELAY_S;
    const reclaim = await scene.takeBack(1, coin);
    scene.apply(reclaim);
    scene.settleCycle();
    scene.refuseReport("DisputesBondNeeded", scene.proof(coin, lost, reclaim));
    scene.refuse("spent", lost);
    assert.equal(scene.balanceOf(treasury), 1001n);
    assert.equal(scene.disputes.bonds.account(1).bond, 10_000n);
  });
});
