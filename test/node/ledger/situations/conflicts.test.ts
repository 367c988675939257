/**
 * Situations: records that want one coin. The one sequenced first has it on every node; the others are
 * paid from the bond of the bank whose device signed them all, and apply whole.
 */
import assert from "node:assert/strict";
import { lock } from "../../../../protocol/output.ts";
import type { NodeSigner } from "../../../../protocol/p256-node.ts";
import { RECLAIM_DELAY_S } from "../../../support/ledger.ts";
import { type Coin, coinsOf, pay, spend } from "../../../support/ledger-parts.ts";
import { ordersOf, Scene } from "./scene.ts";

describe("a coin that two records want", () => {
  let scene: Scene;
  let ann: NodeSigner;
  let bob: NodeSigner;
  let carl: NodeSigner;
  let coin: Coin;

  beforeEach(async () => {
    scene = Scene.open();
    ann = await scene.enrol("ann", 1);
    bob = await scene.enrol("bob", 2);
    carl = await scene.enrol("carl", 2);
    coin = await scene.coin(pay(ann, 1, 100n));
  });

  /** Ann pays with these coins, and keeps the rest. */
  const pays = (to: NodeSigner, amount: bigint, ...inputs: readonly Coin[]) => {
    const rest = inputs.reduce((sum, { output }) => sum + output.amount, -amount);
    const change = rest > 0n ? [pay(ann, 1, rest)] : [];
    return spend({ signer: ann, inputs, outputs: [pay(to, 2, amount), ...change] });
  };

  it("three-way: whichever comes first wins, the other two are paid, whoever is reported first [R3] [R-031] [R-165] [N-12]", async () => {
    const payees = [bob, carl, await scene.enrol("dora", 2)];
    for (const order of ordersOf(payees)) {
      const play = Scene.open();
      await play.enrol("ann", 1);
      for (const name of ["bob", "carl", "dora"]) await play.enrol(name, 2);
      const wanted = await play.coin(pay(ann, 1, 100n));
      const records = await Promise.all(order.map((payee) => pays(payee, 100n, wanted)));
      const [winner, ...losers] = records;
      play.apply(winner!);
      for (const loser of losers) play.refuse("spent", loser);
      play.settleCycle();
      for (const loser of losers) play.report(wanted, loser, winner!);
      play.apply(...losers.toReversed());
      for (const payee of payees) assert.equal(play.balanceOf(payee), 100n);
      assert.equal(play.paid, 200n);
      assert.equal(play.disputes.bonds.fines, 400n);
      assert.equal(play.disputes.bonds.account(1).bond, 10_000n - 200n - 400n);
      assert.equal(play.state.revokedAtS(1, coin.output.owner), play.timeS);
    }
  });

  it("with a lost and b unspent: the loser takes the replacement of a, and b itself [R3]", async () => {
    const b = await scene.coin(pay(ann, 1, 40n));
    const winner = await pays(bob, 100n, coin);
    const loser = await pays(carl, 140n, coin, b);
    scene.apply(winner);
    scene.settleCycle();
    scene.report(coin, loser, winner);
    assert.deepEqual(scene.state.coin(b.outpoint), b.output);
    scene.apply(loser);
    assert.equal(scene.state.coin(b.outpoint), undefined);
    assert.equal(scene.balanceOf(carl), 140n);
    assert.equal(scene.paid, 100n);
  });

  it("with a and b lost to different records: the loser applies once both are paid, in either order [R3]", async () => {
    for (const order of [0, 1]) {
      const [a, b] = [await scene.coin(pay(ann, 1, 60n)), await scene.coin(pay(ann, 1, 40n))];
      const lost = [
        { coin: a, winner: await pays(bob, 60n, a) },
        { coin: b, winner: await pays(bob, 40n, b) },
      ];
      const loser = await pays(carl, 100n, a, b);
      const before = scene.balanceOf(carl);
      scene.apply(...lost.map(({ winner }) => winner));
      scene.settleCycle();
      const [first, second] = order === 0 ? lost : lost.toReversed();
      scene.report(first!.coin, loser, first!.winner);
      scene.refuse("spent", loser);
      scene.report(second!.coin, loser, second!.winner);
      scene.apply(loser);
      assert.equal(scene.balanceOf(carl) - before, 100n);
    }
  });

  it("and the loser sequenced before the event, after it, or only after it: it applies once, when it can [R3] [N-17]", async () => {
    const winner = await pays(bob, 100n, coin);
    const [early, late] = [await pays(carl, 100n, coin), await pays(carl, 99n, coin)];
    scene.apply(winner);
    scene.refuse("spent", early);
    scene.refuse("spent", early);
    scene.settleCycle();
    scene.report(coin, early, winner);
    scene.report(coin, late, winner);
    assert.deepEqual(
      scene.sequence(early, late, early, late).map(({ code }) => code),
      ["applied", "applied", "duplicate", "duplicate"],
    );
    assert.equal(scene.balanceOf(carl), 199n);
  });

  it("and descendants several hops behind the loser: they wait for it, and stand by themselves [R3] [R-027] [N-12]", async () => {
    const people = await Promise.all(["d", "e", "f"].map((name) => scene.enrol(name, 2)));
    const winner = await pays(bob, 100n, coin);
    const loser = await pays(carl, 100n, coin);
    const hops = [loser];
    for (const [i, to] of people.entries()) {
      const signer = i === 0 ? carl : people[i - 1]!;
      const inputs = coinsOf(hops.at(-1)!).slice(0, 1);
      const left = inputs[0]!.output.amount - 10n;
      const outputs = [pay(to, 2, left), pay(signer, 2, 10n)];
      hops.push(await spend({ signer, inputs, outputs }));
    }
    scene.apply(winner);
    scene.refuse("spent", loser);
    for (const hop of hops.slice(1)) scene.refuse("unknown-coin", hop);
    scene.settleCycle();
    scene.report(coin, loser, winner);
    scene.apply(...hops);
    assert.deepEqual(
      [carl, ...people].map((person) => scene.balanceOf(person)),
      [10n, 10n, 10n, 70n],
    );
    for (const person of [carl, ...people])
      assert.equal(scene.state.revokedAtS(2, pay(person, 2, 1n).owner), undefined);
  });

  it("and the change of the loser: the payer's device may have spent it offline; what it did not, its bank takes back [R3] [R4]", async () => {
    const winner = await pays(bob, 100n, coin);
    const loser = await pays(carl, 30n, coin);
    const [, change] = coinsOf(loser);
    const onward = await pays(bob, 20n, change!);
    scene.apply(winner);
    scene.settleCycle();
    scene.report(coin, loser, winner);
    scene.apply(loser, onward);
    assert.equal(scene.balanceOf(carl), 30n);
    assert.equal(scene.balanceOf(bob), 120n);
    const [, rest] = coinsOf(onward);
    const back = await scene.takeBack(1, rest!);
    scene.refuse("not-reclaimable", back);
    scene.timeS += RECLAIM_DELAY_S;
    scene.apply(back);
    assert.equal(scene.balanceOf(ann), 0n);
  });

  it("and a loser that names someone else's coin too, or one that never was: it never applies, and what was made for it goes back to the bank that paid [R3] [R4]", async () => {
    const winner = await pays(bob, 100n, coin);
    const bobs = await scene.coin(pay(bob, 2, 7n));
    const nobodys = { outpoint: `0x${"ab".repeat(33)}`, output: pay(ann, 1, 7n) } as const;
    const losers = [await pays(carl, 107n, coin, bobs), await pays(carl, 107n, coin, nobodys)];
    scene.apply(winner);
    scene.settleCycle();
    for (const loser of losers) scene.report(coin, loser, winner);
    scene.refuse("wrong-owner", losers[0]!);
    scene.refuse("unknown-coin", losers[1]!);
    scene.timeS += RECLAIM_DELAY_S;
    const made = scene.coinsOf(ann);
    assert.deepEqual(
      made.map(({ output }) => [output.lock, output.amount]),
      [
        [lock.replacement, 100n],
        [lock.replacement, 100n],
      ],
    );
    scene.apply(await scene.takeBack(1, ...made));
    assert.equal(scene.balanceOf(scene.bank(1).treasury), scene.paid);
    assert.deepEqual(scene.state.coin(bobs.outpoint), bobs.output);
  });
});
