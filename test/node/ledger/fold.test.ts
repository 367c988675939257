/** The fold: what each event does to the ledger. */
import assert from "node:assert/strict";
import { toHex } from "../../../protocol/bytes.ts";
import { NOBODY, ownerOf } from "../../../protocol/key.ts";
import { stateRootOver } from "../../../node/ledger/state-root.ts";
import { fullLedger } from "../../support/full-ledger.ts";
import { batchOf, RECLAIM_DELAY_S, TestLedger, toSequenced } from "../../support/ledger.ts";
import {
  burn,
  coinsOf,
  enrolment,
  idOf,
  keyOf,
  pay,
  reclaim,
  spend,
} from "../../support/ledger-parts.ts";

describe("the fold", () => {
  it("takes the version of the rules and the reclaim delay from the log", () => {
    const ledger = new TestLedger();
    const first = { version: 1, reclaimDelayS: RECLAIM_DELAY_S, openCycle: 1, settledCycle: 0 };
    assert.deepEqual(ledger.state.parameters, first);
    ledger.take({ kind: "protocol", version: 1, reclaimDelayS: 5 });
    assert.deepEqual(ledger.state.parameters, { ...first, reclaimDelayS: 5 });
  });

  it("admits members, keeps every treasury key in order and each once, and never drops a row [R-073] [N-23]", () => {
    const ledger = new TestLedger(4);
    const keys = ["a", "b", "c"].map((name) => keyOf(`treasury ${name}`));
    const first = ledger.bank(4).treasury;
    const past = () => ledger.state.member(4)!.pastTreasuries.map(toHex);
    const names = (...of: readonly { readonly publicKey: Uint8Array }[]) =>
      of.map(({ publicKey }) => toHex(publicKey));
    for (const treasury of keys) ledger.changeMember(4, { treasury });
    assert.deepEqual(past(), names(first, keys[0]!, keys[1]!));
    ledger.changeMember(4, { status: 2, issuer: keyOf("another issuer") });
    assert.deepEqual(past(), names(first, keys[0]!, keys[1]!));
    ledger.changeMember(4, { treasury: keys[0]! });
    assert.deepEqual(past(), names(first, keys[1]!, keys[2]!));
    ledger.changeMember(4, { status: 3 });
    const { status, issuer, treasury, treasuryOwners } = ledger.state.member(4)!;
    assert.equal(status, 3);
    assert.deepEqual([issuer, treasury].map(toHex), names(keyOf("another issuer"), keys[0]!));
    const all = [keys[0]!, first, keys[1]!, keys[2]!];
    assert.deepEqual(
      treasuryOwners,
      all.map(({ publicKey }) => ownerOf(publicKey)),
    );
    const reserves = [...ledger.state.entries()].filter(({ kind }) => kind === "reserve");
    assert.deepEqual(reserves, [{ kind: "reserve", member: 4, amount: 0n }]);
  });

  it("makes a vault coin of a deposit, of the treasury key at that event, backed by the reserve", () => {
    const ledger = new TestLedger(1, 2);
    const coin = ledger.deposit(1, 500n);
    assert.deepEqual(ledger.state.coin(coin.outpoint), pay(ledger.bank(1).treasury, 1, 500n));
    const treasury = keyOf("new treasury of 1");
    ledger.changeMember(1, { treasury });
    assert.deepEqual(ledger.state.coin(ledger.deposit(1, 500n).outpoint), pay(treasury, 1, 500n));
    assert.deepEqual(ledger.state.coin(coin.outpoint), coin.output);
    assert.equal(ledger.state.reserveOf(1), 1000n);
    assert.equal(ledger.state.inflow, 1000n);
    assert.equal(ledger.state.custodyOf(1), 1000n);
  });

  it("makes two coins of two deposits that are alike", () => {
    const ledger = new TestLedger(1);
    assert.notEqual(ledger.deposit(1, 5n).outpoint, ledger.deposit(1, 5n).outpoint);
    assert.equal(ledger.state.coinCount, 2);
  });

  it("says in order what became of each leaf, who took which coin, and what applied", async () => {
    const ledger = new TestLedger(1);
    const ann = await ledger.enrol("ann", 1);
    const coin = await ledger.coin(pay(ann, 1, 5n));
    const [one, two] = [
      await spend({ signer: ann, inputs: [coin], outputs: [pay(ann, 1, 5n)] }),
      await spend({ signer: ann, inputs: [coin], outputs: [pay(ann, 1, 5n)], counter: 1 }),
    ];
    const next = await spend({ signer: ann, inputs: coinsOf(one), outputs: [pay(ann, 1, 5n)] });
    const broken = one.bytes.subarray(1);
    const leaves = [two.bytes.subarray(0, 9), one.bytes, two.bytes, broken, next.bytes].map(
      toSequenced,
    );
    const change = ledger.take(batchOf(leaves, ledger.timeS), leaves);
    assert.deepEqual(change.applied, [idOf(one), idOf(next)]);
    assert.deepEqual(
      change.outcomes.map(({ leafHash, id, code }) => ({ leafHash, id, code })),
      [
        { leafHash: leaves[0]!.hash, id: undefined, code: "malformed" },
        { leafHash: leaves[1]!.hash, id: idOf(one), code: "applied" },
        { leafHash: leaves[2]!.hash, id: idOf(two), code: "spent" },
        { leafHash: leaves[3]!.hash, id: undefined, code: "malformed" },
        { leafHash: leaves[4]!.hash, id: idOf(next), code: "applied" },
      ],
    );
    assert.deepEqual(
      [...change.spenders],
      [
        [coin.outpoint, idOf(one)],
        [coinsOf(one)[0]!.outpoint, idOf(next)],
      ],
    );
  });

  it("makes a replacement coin of a restitution, and remembers its time [N-12]", async () => {
    const ledger = new TestLedger(1, 2);
    const ann = await ledger.enrol("ann", 1);
    const coin = await ledger.coin(pay(ann, 1, 9n));
    const record = await spend({ signer: ann, inputs: [coin], outputs: [pay(ann, 1, 9n)] });
    ledger.apply(record);
    const loser = await spend({
      signer: ann,
      inputs: [coin],
      outputs: [pay(ann, 1, 9n)],
      counter: 2,
    });
    const { inflow } = ledger.state;
    const made = ledger.restitute(coin, loser);
    assert.deepEqual(ledger.state.coin(made.outpoint), { ...coin.output, lock: 3 });
    assert.equal(ledger.state.restitutedAtS(made.outpoint), ledger.timeS);
    assert.equal(ledger.state.inflow - inflow, 9n);
    assert.equal(ledger.state.reserveOf(1), 18n);
  });

  it("makes a coin of an award, of the owner named, at its custodian", async () => {
    const ledger = new TestLedger(1, 2);
    const bob = await ledger.enrol("bob", 2);
    const coin = ledger.award(1, ownerOf(bob.publicKey), 2, 11n);
    assert.deepEqual(ledger.state.coin(coin.outpoint), pay(bob, 2, 11n));
    assert.equal(ledger.state.reserveOf(1), 0n);
    assert.equal(ledger.state.reserveOf(2), 11n);
    ledger.apply(await spend({ signer: bob, inputs: [coin], outputs: [pay(bob, 2, 11n)] }));
  });

  it("keeps the first time of a revocation, for each member by itself", async () => {
    const ledger = new TestLedger(1, 2);
    const owner = ownerOf(keyOf("ann").publicKey);
    ledger.revoke(1, owner);
    const first = ledger.timeS;
    ledger.timeS += 5;
    ledger.revoke(1, owner);
    ledger.revoke(2, owner);
    assert.equal(ledger.state.revokedAtS(1, owner), first);
    assert.equal(ledger.state.revokedAtS(2, owner), first + 5);
    assert.equal(ledger.state.revokedAtS(1, NOBODY), undefined);
  });

  it("counts transfers and burns in the cycle that is open, and moves reserves when it settles [R-080]", async () => {
    const ledger = new TestLedger(1, 2);
    const ann = await ledger.enrol("ann", 1);
    const bob = await ledger.enrol("bob", 2);
    const coin = await ledger.coin(pay(ann, 1, 100n));
    ledger.closeCycle();
    assert.equal(ledger.state.boundarySupply, 100n);
    assert.equal(ledger.state.inflow, 0n);
    const first = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    ledger.apply(first);
    ledger.closeCycle();
    const { treasury } = ledger.bank(2);
    const redeem = { signer: bob, inputs: coinsOf(first), outputs: [pay(treasury, 2, 100n)] };
    const redemption = await spend(redeem);
    const outputs = [burn(2, 30n), pay(treasury, 2, 70n)];
    const burning = await spend({ signer: treasury, inputs: coinsOf(redemption), outputs });
    ledger.apply(redemption, burning);
    assert.deepEqual(ledger.state.window(1, 1), { delta: 0n, burns: 0n });
    assert.deepEqual(ledger.state.window(2, 1), { delta: -100n, burns: 0n });
    assert.deepEqual(ledger.state.window(2, 2), { delta: 100n, burns: 0n });
    assert.deepEqual(ledger.state.window(3, 2), { delta: 0n, burns: 30n });
    ledger.closeCycle();
    assert.equal(ledger.state.boundarySupply, 70n);
    const reserves = () => [ledger.state.reserveOf(1), ledger.state.reserveOf(2)];
    ledger.settle();
    assert.deepEqual(reserves(), [100n, 0n]);
    ledger.settle();
    assert.deepEqual(reserves(), [0n, 100n]);
    assert.deepEqual(ledger.state.window(2, 2), { delta: 0n, burns: 0n });
    ledger.settle();
    assert.deepEqual(reserves(), [0n, 70n]);
  });

  it("keeps no row for what is nothing: a window that came back to zero, a coin made and taken by one batch", async () => {
    const ledger = new TestLedger(1, 2);
    const ann = await ledger.enrol("ann", 1);
    const bob = await ledger.enrol("bob", 2);
    const coin = await ledger.coin(pay(ann, 1, 100n));
    const there = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    const back = await spend({ signer: bob, inputs: coinsOf(there), outputs: [pay(ann, 1, 100n)] });
    ledger.apply(there);
    ledger.apply(back);
    const kinds = () => [...ledger.state.entries()].map(({ kind }) => kind);
    assert.ok(!kinds().includes("window"));
    const home = coinsOf(back);
    const again = await spend({ signer: ann, inputs: home, outputs: [pay(bob, 2, 100n)] });
    const outputs = [pay(ann, 1, 100n)];
    const rest = await spend({ signer: bob, inputs: coinsOf(again), outputs });
    ledger.apply(again, rest);
    assert.ok(!kinds().includes("window"));
    assert.equal(ledger.state.coinCount, 1);
  });

  it("leaves no trace of a leaf that does not apply, in the state root either", async () => {
    const ledger = await fullLedger();
    const [ann, bob] = [keyOf("ann"), keyOf("bob")];
    const root = stateRootOver(ledger.state.entries());
    const inputs = [`0x${"11".repeat(33)}`] as const;
    const refused = [
      await spend({ signer: ann, inputs, outputs: [pay(bob, 2, 1n)] }),
      await enrolment(ann, 2, ledger.bank(2).issuer),
      await enrolment(keyOf("cat"), 9, ledger.bank(2).issuer),
      await enrolment(keyOf("cat"), 2, ledger.bank(1).issuer),
    ];
    assert.ok(
      ledger.sequence(...refused, new Uint8Array(3)).every(({ code }) => code !== "applied"),
    );
    assert.equal(stateRootOver(ledger.state.entries()), root);
  });

  it("measures the delay of a reclaim by the block time of its event [R4]", async () => {
    const ledger = new TestLedger(1);
    const ann = await ledger.enrol("ann", 1);
    const coin = await ledger.coin(pay(ann, 1, 5n));
    ledger.revoke(1, ann);
    const { treasury } = ledger.bank(1);
    const back = await reclaim({
      signer: treasury,
      inputs: [coin],
      outputs: [pay(treasury, 1, 5n)],
    });
    const leaf = toSequenced(back.bytes);
    const early = ledger.take(batchOf([leaf], ledger.timeS + RECLAIM_DELAY_S - 1), [leaf]);
    const due = ledger.take(batchOf([leaf], ledger.timeS + RECLAIM_DELAY_S), [leaf]);
    assert.deepEqual(
      [early, due].map(({ outcomes }) => outcomes[0]!.code),
      ["not-reclaimable", "applied"],
    );
  });
});
