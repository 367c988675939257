/** Enrolments, and leaves of one batch that depend on each other: each sees what those before it did. */
import assert from "node:assert/strict";
import { ownerOf } from "../../protocol/key.ts";
import { checkLeafSignature } from "../../protocol/leaf.ts";
import type { NodeSigner } from "../../protocol/p256-node.ts";
import { context, rowsOf, TestLedger } from "../support/ledger.ts";
import {
  type Coin,
  coinsOf,
  enrolment,
  keyOf,
  networkId,
  pay,
  spend,
} from "../support/ledger-parts.ts";

const codes = (outcomes: readonly { readonly code: string }[]) => outcomes.map(({ code }) => code);

describe("the rules of an enrolment", () => {
  const ann = keyOf("ann");
  const annOwner = ownerOf(ann.publicKey);
  let ledger: TestLedger;

  beforeEach(() => {
    ledger = new TestLedger(1, 2);
  });

  it("enter a key under the member whose issuer signed it [R-085]", async () => {
    ledger.apply(await enrolment(ann, 1, ledger.bank(1).issuer, new Uint8Array(512)));
    assert.equal(ledger.state.custodianOf(annOwner), 1);
  });

  it("refuse a key that is enrolled: with the same member, with another, for ever", async () => {
    await ledger.enrol("ann", 1);
    for (const member of [1, 2]) {
      const again = await enrolment(ann, member, ledger.bank(member).issuer, Uint8Array.of(1));
      assert.match(ledger.refuse("already-enrolled", again), /with member 1$/);
    }
    ledger.revoke(1, ann);
    ledger.changeMember(1, { status: 3 });
    ledger.refuse("already-enrolled", await enrolment(ann, 2, ledger.bank(2).issuer));
    assert.equal(ledger.state.custodianOf(annOwner), 1);
  });

  it("refuse one that no member's issuer signed, or another member's [R-030]", async () => {
    ledger.refuse("unknown-member", await enrolment(ann, 3, keyOf("issuer of 3")));
    ledger.refuse("bad-signature", await enrolment(ann, 1, ledger.bank(2).issuer));
    ledger.refuse("bad-signature", await enrolment(ann, 1, ann));
  });

  it("refuse one without the device's own consent to this member", async () => {
    const { bytes } = await enrolment(ann, 1, ledger.bank(1).issuer);
    const other = await enrolment(ann, 2, ledger.bank(2).issuer);
    const changed = Uint8Array.from(bytes);
    changed.set(other.consent, bytes.length - 2 - 64);
    assert.match(ledger.refuse("bad-signature", changed), /does not consent/);
  });

  it("check the issuer against its key at that leaf, whatever was checked before [N-23]", async () => {
    const early = await enrolment(ann, 1, ledger.bank(1).issuer);
    checkLeafSignature(networkId, early, context.verifier);
    ledger.changeMember(1, { issuer: keyOf("new issuer of 1") });
    assert.match(ledger.refuse("bad-signature", early), /present issuer key/);
    ledger.apply(await enrolment(ann, 1, ledger.bank(1).issuer));
    // The key comes back: what was signed with it is good again.
    const bob = keyOf("bob");
    const late = await enrolment(bob, 1, keyOf("issuer of 1"));
    ledger.refuse("bad-signature", late);
    ledger.changeMember(1, { issuer: keyOf("issuer of 1") });
    ledger.apply(late);
  });

  it("enrol with a suspended and a removed member: status plays no part [N-23]", async () => {
    ledger.changeMember(1, { status: 2 });
    await ledger.enrol("ann", 1);
    ledger.changeMember(1, { status: 3 });
    await ledger.enrol("bob", 1);
  });
});

describe("leaves of one batch", () => {
  let ledger: TestLedger;
  let ann: NodeSigner;
  let bob: NodeSigner;
  let coin: Coin;

  beforeEach(async () => {
    ledger = new TestLedger(1, 2);
    ann = await ledger.enrol("ann", 1);
    bob = await ledger.enrol("bob", 2);
    coin = await ledger.coin(pay(ann, 1, 100n));
  });

  it("enrol a key, pay it and spend from it in one batch [R3] [R6] [R-027]", async () => {
    const cat = keyOf("cat");
    const entry = await enrolment(cat, 2, ledger.bank(2).issuer);
    const first = await spend({ signer: ann, inputs: [coin], outputs: [pay(cat, 2, 100n)] });
    const outputs = [pay(bob, 2, 100n)];
    const second = await spend({ signer: cat, inputs: coinsOf(first), outputs });
    ledger.apply(entry, first, second);
    assert.equal(ledger.state.custodyOf(2), 100n);
    assert.equal(ledger.state.coin(coinsOf(first)[0]!.outpoint), undefined);
  });

  it("do not apply a payment before the enrolment it needs [R6]", async () => {
    const cat = keyOf("cat");
    const entry = await enrolment(cat, 2, ledger.bank(2).issuer);
    const record = await spend({ signer: ann, inputs: [coin], outputs: [pay(cat, 2, 100n)] });
    assert.deepEqual(codes(ledger.sequence(record, entry)), ["unknown-recipient", "applied"]);
    ledger.apply(record);
  });

  it("do not apply a child before its parent, which may be sequenced again [R3] [R-027]", async () => {
    const parent = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    const outputs = [pay(ann, 1, 100n)];
    const child = await spend({ signer: bob, inputs: coinsOf(parent), outputs });
    const outcomes = ledger.sequence(child, parent, child);
    assert.deepEqual(codes(outcomes), ["unknown-coin", "applied", "applied"]);
    assert.equal(ledger.state.custodyOf(1), 100n);
  });

  it("apply a record once that stands twice [R3] [N-17]", async () => {
    const record = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    const resigned = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    const outcomes = ledger.sequence(record, record, resigned);
    assert.deepEqual(codes(outcomes), ["applied", "duplicate", "duplicate"]);
    assert.equal(ledger.state.custodyOf(2), 100n);
  });

  it("let the first of two records win their coin, whichever it is, on every node alike [R3] [R-111]", async () => {
    const toBob = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    const toSelf = await spend({ signer: ann, inputs: [coin], outputs: [pay(ann, 1, 100n)] });
    const [one, two] = ledger.sequence(toSelf, toBob);
    assert.deepEqual([one!.code, two!.code], ["applied", "spent"]);
    assert.match(two!.detail, new RegExp(one!.id!));
    const second = coinsOf(toSelf)[0]!;
    const again = await spend({ signer: ann, inputs: [second], outputs: [pay(bob, 2, 100n)] });
    const back = await spend({ signer: ann, inputs: [second], outputs: [pay(ann, 1, 100n)] });
    assert.deepEqual(codes(ledger.sequence(again, back)), ["applied", "spent"]);
  });

  it("enrol a key once that two members enter in one batch", async () => {
    const cat = keyOf("cat");
    const [first, second] = [
      await enrolment(cat, 2, ledger.bank(2).issuer),
      await enrolment(cat, 1, ledger.bank(1).issuer),
    ];
    const outcomes = ledger.sequence(first, second, first);
    assert.deepEqual(codes(outcomes), ["applied", "already-enrolled", "already-enrolled"]);
    assert.equal(ledger.state.custodianOf(ownerOf(cat.publicKey)), 2);
  });

  it("leave a trace of those that apply alone [R3]", async () => {
    const twin = new TestLedger(1, 2);
    await twin.enrol("ann", 1);
    await twin.enrol("bob", 2);
    await twin.coin(pay(ann, 1, 100n));
    const good = await spend({ signer: ann, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    const bad = await spend({ signer: bob, inputs: [coin], outputs: [pay(bob, 2, 100n)] });
    const late = await spend({ signer: ann, inputs: [coin], outputs: [pay(ann, 1, 100n)] });
    ledger.sequence(bad, good, late, bad.bytes.subarray(1));
    twin.sequence(good);
    assert.deepEqual(rowsOf(ledger.state.entries()), rowsOf(twin.state.entries()));
  });
});
