/** The rule R4 of a reclaim: what revoked owners left goes back to their custodian, after the delay. */
import assert from "node:assert/strict";
import { sha256 } from "#sha256";
import { utf8 } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { Output } from "../../protocol/output.ts";
import type { NodeSigner } from "../../protocol/p256-node.ts";
import { RECLAIM_DELAY_S, TestLedger } from "../support/ledger.ts";
import {
  burn,
  type Coin,
  coinsOf,
  idOf,
  keyOf,
  pay,
  promise,
  reclaim,
  spend,
} from "../support/ledger-parts.ts";

const secret = sha256(utf8.encode("a secret"));

describe("the rules of a reclaim", () => {
  let ledger: TestLedger;
  let ann: NodeSigner;
  let treasury: NodeSigner;
  let coin: Coin;

  beforeEach(async () => {
    ledger = new TestLedger(1, 2);
    ann = await ledger.enrol("ann", 1);
    treasury = ledger.bank(1).treasury;
    coin = await ledger.coin(pay(ann, 1, 100n));
  });

  function takeBack(...coins: readonly Coin[]) {
    const amount = coins.reduce((sum, { output }) => sum + output.amount, 0n);
    return reclaim({ signer: treasury, inputs: coins, outputs: [pay(treasury, 1, amount)] });
  }

  it("refuse one a second before revocation + delay, and apply it from that second on [R4] [N-06]", async () => {
    ledger.revoke(1, ann);
    const record = await takeBack(coin);
    ledger.refuse("not-reclaimable", record);
    ledger.timeS += RECLAIM_DELAY_S - 1;
    assert.match(
      ledger.refuse("not-reclaimable", record),
      new RegExp(`from ${ledger.timeS + 1} s`),
    );
    ledger.timeS += 1;
    ledger.apply(record);
    assert.deepEqual(ledger.state.coin(coinsOf(record)[0]!.outpoint), pay(treasury, 1, 100n));
    assert.equal(ledger.state.coin(coin.outpoint), undefined);
  });

  it("count from the first revocation, however often it is repeated [R4]", async () => {
    ledger.revoke(1, ann);
    ledger.timeS += RECLAIM_DELAY_S;
    ledger.revoke(1, ann);
    ledger.apply(await takeBack(coin));
  });

  it("read the delay of the present parameters [R4]", async () => {
    ledger.revoke(1, ann);
    ledger.timeS += 60;
    const record = await takeBack(coin);
    ledger.refuse("not-reclaimable", record);
    ledger.take({ kind: "protocol", version: 1, reclaimDelayS: 60 });
    ledger.apply(record);
  });

  it("refuse one of an owner whom nobody revoked, or only another member [R4] [N-06]", async () => {
    ledger.revoke(2, ann);
    ledger.timeS += 10 * RECLAIM_DELAY_S;
    assert.match(ledger.refuse("not-reclaimable", await takeBack(coin)), /is not revoked/);
  });

  it("refuse one for a single coin that cannot be taken back yet [R4]", async () => {
    ledger.revoke(1, ann);
    ledger.timeS += RECLAIM_DELAY_S;
    const cat = await ledger.enrol("cat", 1);
    const cats = await ledger.coin(pay(cat, 1, 1n));
    ledger.refuse("not-reclaimable", await takeBack(coin, cats));
    ledger.revoke(1, cat);
    ledger.refuse("not-reclaimable", await takeBack(coin, cats));
    ledger.timeS += RECLAIM_DELAY_S;
    ledger.apply(await takeBack(coin, cats));
  });

  it("refuse any signer but the custodian's present treasury key [R4]", async () => {
    ledger.revoke(1, ann);
    ledger.timeS += RECLAIM_DELAY_S;
    const stale = await takeBack(coin);
    const { treasury: present } = ledger.changeMember(1, { treasury: keyOf("new treasury of 1") });
    ledger.refuse("wrong-owner", stale);
    const inputs = [coin];
    for (const signer of [ann, ledger.bank(2).treasury]) {
      const outputs = [pay(present, 1, 100n)];
      ledger.refuse("wrong-owner", await reclaim({ signer, inputs, outputs }));
    }
    treasury = present;
    ledger.apply(await takeBack(coin));
  });

  it("refuse coins of two custodians in one [R4]", async () => {
    const bob = await ledger.enrol("bob", 2);
    const bobs = await ledger.coin(pay(bob, 2, 1n));
    ledger.revoke(1, ann);
    ledger.revoke(1, bob);
    ledger.revoke(2, bob);
    ledger.timeS += RECLAIM_DELAY_S;
    assert.match(ledger.refuse("wrong-owner", await takeBack(coin, bobs)), /one custodian/);
  });

  it("refuse to pay anyone but the custodian's present treasury key [R4]", async () => {
    const bob = await ledger.enrol("bob", 2);
    const { treasury: past } = ledger.bank(1);
    treasury = ledger.changeMember(1, { treasury: keyOf("new treasury of 1") }).treasury;
    ledger.revoke(1, ann);
    ledger.timeS += RECLAIM_DELAY_S;
    const outputs: Output[] = [
      pay(bob, 2, 100n),
      pay(ann, 1, 100n),
      pay(past, 1, 100n),
      burn(1, 100n),
      promise(treasury.publicKey, 1, 100n),
    ];
    for (const output of outputs) {
      const both = { signer: treasury, inputs: [coin], outputs: [output] };
      ledger.refuse("unknown-recipient", await reclaim(both));
    }
  });

  it("take back a coin that waits for a claim once its secret's owner is revoked [R4] [N-19]", async () => {
    const waiting = await ledger.coin(promise(secret, 1, 9n));
    ledger.timeS += RECLAIM_DELAY_S;
    ledger.refuse("not-reclaimable", await takeBack(waiting));
    ledger.revoke(1, ownerOf(secret));
    ledger.timeS += RECLAIM_DELAY_S;
    ledger.apply(await takeBack(waiting));
  });

  it("leave a coin spendable by its revoked owner until it is taken back, and name the reclaim after [R3] [R-168] [N-06]", async () => {
    const other = await ledger.coin(pay(ann, 1, 30n));
    ledger.revoke(1, ann);
    ledger.timeS += 2 * RECLAIM_DELAY_S;
    const bob = await ledger.enrol("bob", 2);
    const payment = (input: Coin) =>
      spend({ signer: ann, inputs: [input], outputs: [pay(bob, 2, input.output.amount)] });
    ledger.apply(await payment(other));
    ledger.refuse("spent", await takeBack(other));
    const record = await takeBack(coin);
    ledger.apply(record);
    assert.match(ledger.refuse("spent", await payment(coin)), new RegExp(idOf(record)));
    assert.equal(ledger.state.custodyOf(1) + ledger.state.custodyOf(2), 130n);
  });

  it("refuse for the custodians first, then the signer, the delay, the recipients and the sums [R4] [R5]", async () => {
    const bob = await ledger.enrol("bob", 2);
    const bobs = await ledger.coin(pay(bob, 2, 1n));
    const wrong = { signer: bob, outputs: [pay(bob, 2, 1n)] };
    const detail = ledger.refuse("wrong-owner", await reclaim({ ...wrong, inputs: [coin, bobs] }));
    assert.match(detail, /one custodian/);
    const alone = { ...wrong, inputs: [coin] };
    assert.match(ledger.refuse("wrong-owner", await reclaim(alone)), /treasury key/);
    const signed = { ...alone, signer: treasury };
    ledger.refuse("not-reclaimable", await reclaim(signed));
    ledger.revoke(1, ann);
    ledger.timeS += RECLAIM_DELAY_S;
    ledger.refuse("unknown-recipient", await reclaim(signed));
    const home = { ...signed, outputs: [pay(treasury, 1, 1n)] };
    ledger.refuse("unbalanced", await reclaim(home));
    // The treasury key's owner is this member's, not another's.
    const astray = { ...signed, outputs: [pay(treasury, 2, 100n)] };
    ledger.refuse("unknown-recipient", await reclaim(astray));
  });
});
