/** The rules R1 to R6 of a spend, clause by clause: refused by name and without a trace, or let through. */
import assert from "node:assert/strict";
import { sha256 } from "#sha256";
import { utf8 } from "../../protocol/bytes.ts";
import { lock, type Outpoint } from "../../protocol/output.ts";
import type { NodeSigner } from "../../protocol/p256-node.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { TestLedger } from "../support/ledger.ts";
import {
  burn,
  type Coin,
  coinsOf,
  enrolment,
  idOf,
  keyOf,
  pay,
  promise,
  spend,
} from "../support/ledger-parts.ts";

const nowhere: Outpoint = `0x${"07".repeat(33)}`;
const secret = sha256(utf8.encode("a secret"));

describe("the rules of a record", () => {
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

  /** Ann pays Bob from her coin and whatever else she names. */
  function payBob(amount: bigint, ...more: readonly (Coin | Outpoint)[]) {
    return spend({ signer: ann, inputs: [coin, ...more], outputs: [pay(bob, 2, amount)] });
  }

  it("apply a payment whole: the coins named are gone and the outputs stand [R3] [R-035]", async () => {
    const outputs = [pay(bob, 2, 70n), pay(ann, 1, 30n)];
    const record = await spend({ signer: ann, inputs: [coin], outputs });
    ledger.apply(record);
    assert.equal(ledger.state.coin(coin.outpoint), undefined);
    for (const { outpoint, output } of coinsOf(record))
      assert.deepEqual(ledger.state.coin(outpoint), output);
    assert.equal(ledger.state.custodyOf(1), 30n);
    assert.equal(ledger.state.custodyOf(2), 70n);
  });

  describe("R1 and R2, the record itself", () => {
    it("refuse bytes that are no leaf and name the field [R1] [R-030]", async () => {
      const { bytes } = await payBob(100n);
      assert.match(ledger.refuse("malformed", bytes.subarray(0, -1)), /field envelope/);
      assert.match(ledger.refuse("malformed", new Uint8Array()), /field kind/);
    });

    it("refuse a record with any one of its bits changed [R1] [R2] [R-030]", async () => {
      const { bytes } = await payBob(100n);
      for (let at = 0; at < bytes.length; at++) {
        const changed = Uint8Array.from(bytes);
        changed[at]! ^= 1 << (at % 8);
        const [outcome] = ledger.sequence(changed);
        assert.ok(["malformed", "bad-signature"].includes(outcome!.code), `byte ${at}`);
      }
      ledger.apply(await payBob(100n));
    });

    it("refuse a record signed by another key than the one it names [R2]", async () => {
      const { bytes } = await payBob(100n);
      const changed = Uint8Array.from(bytes);
      changed.set(bob.publicKey, bytes.length - 3 - 64 - 33);
      ledger.refuse("bad-signature", changed);
    });
  });

  describe("R3, every input stands", () => {
    it("refuse a coin that nobody has seen as unknown-coin, and apply the record once it stands [R3] [R-030]", async () => {
      assert.match(ledger.refuse("unknown-coin", await payBob(100n, nowhere)), /0x0707/);
      const parent = await payBob(100n);
      const change = coinsOf(parent)[0]!;
      const child = await spend({ signer: bob, inputs: [change], outputs: [pay(ann, 1, 100n)] });
      ledger.refuse("unknown-coin", child);
      ledger.apply(parent, child);
    });

    it("refuse a second record for a spent coin and name the first [R3] [R-031] [R-111]", async () => {
      const first = await payBob(100n);
      ledger.apply(first);
      const second = await spend({ signer: ann, inputs: [coin], outputs: [pay(ann, 1, 100n)] });
      assert.match(ledger.refuse("spent", second), new RegExp(idOf(first)));
    });

    it("call a record that applied before a duplicate, not a double spend [R3] [N-17]", async () => {
      const record = await payBob(100n);
      ledger.apply(record);
      ledger.refuse("duplicate", record);
      const again = await payBob(100n);
      assert.notDeepEqual(again.signature, record.signature, "signed anew, the same body");
      ledger.refuse("duplicate", again);
    });

    it("call a record a duplicate also after its outputs were spent [R3] [N-17]", async () => {
      const record = await payBob(100n);
      ledger.apply(record);
      ledger.apply(
        await spend({ signer: bob, inputs: coinsOf(record), outputs: [pay(ann, 1, 100n)] }),
      );
      ledger.refuse("duplicate", record);
    });

    it("take one good coin of a record only with all the others [R3]", async () => {
      const other = await ledger.coin(pay(ann, 1, 5n));
      ledger.apply(await spend({ signer: ann, inputs: [other], outputs: [pay(bob, 2, 5n)] }));
      ledger.refuse("spent", await payBob(105n, other));
      assert.deepEqual(ledger.state.coin(coin.outpoint), coin.output);
    });
  });

  describe("R4, a spend", () => {
    it("refuse a signer who does not own the coin [R4] [R-111]", async () => {
      const outputs = [pay(bob, 2, 100n)];
      ledger.refuse("wrong-owner", await spend({ signer: bob, inputs: [coin], outputs }));
    });

    it("refuse a signer who owns all coins but one [R4]", async () => {
      const bobs = await ledger.coin(pay(bob, 2, 1n));
      assert.match(
        ledger.refuse("wrong-owner", await payBob(101n, bobs)),
        new RegExp(bobs.outpoint),
      );
    });

    it("refuse to spend a coin that waits for a claim, whoever signs [R4]", async () => {
      const waiting = await ledger.coin(promise(ann.publicKey, 1, 9n));
      assert.equal(waiting.output.owner, coin.output.owner);
      const outputs = [pay(ann, 1, 9n)];
      const { treasury } = ledger.bank(1);
      for (const signer of [ann, treasury])
        ledger.refuse("wrong-owner", await spend({ signer, inputs: [waiting], outputs }));
    });

    it("let the treasury key a member has spend, and every one it had [R4] [N-23]", async () => {
      const { treasury: first } = ledger.bank(1);
      const old = ledger.deposit(1, 10n);
      const { treasury: second } = ledger.changeMember(1, { treasury: keyOf("second treasury") });
      const recent = ledger.deposit(1, 20n);
      ledger.changeMember(1, { treasury: keyOf("third treasury") });
      ledger.apply(await spend({ signer: first, inputs: [old], outputs: [pay(ann, 1, 10n)] }));
      ledger.apply(await spend({ signer: second, inputs: [recent], outputs: [pay(bob, 2, 20n)] }));
    });
  });

  describe("R5, equal sums", () => {
    it("refuse one unit more and one unit less [R5] [R-035]", async () => {
      assert.match(ledger.refuse("unbalanced", await payBob(101n)), /leave -1$/);
      assert.match(ledger.refuse("unbalanced", await payBob(99n)), /leave 1$/);
    });

    it("count a burn among the outputs [R5]", async () => {
      const { treasury: signer } = ledger.bank(1);
      const vault = ledger.deposit(1, 10n);
      const outputs = [pay(signer, 1, 10n), burn(1, 1n)];
      ledger.refuse("unbalanced", await spend({ signer, inputs: [vault], outputs }));
    });

    it("take amounts of 1, 2^53 and 2^64 - 1 to the last unit [R5] [R-051]", async () => {
      for (const amount of [1n, 2n ** 53n, 2n ** 53n + 1n, AMOUNT_MAX - 1n, AMOUNT_MAX]) {
        const own = await ledger.coin(pay(ann, 1, amount));
        const outputs = [pay(bob, 2, amount)];
        const record = await spend({ signer: ann, inputs: [own], outputs });
        ledger.apply(record);
        assert.deepEqual(ledger.state.coin(coinsOf(record)[0]!.outpoint), outputs[0]);
      }
    });

    it("take sums above 2^64, and refuse what would balance only modulo 2^64 [R5]", async () => {
      const coins: Coin[] = [];
      for (let i = 0; i < 3; i++) coins.push(await ledger.coin(pay(ann, 1, AMOUNT_MAX)));
      const draft = { signer: ann, inputs: coins };
      // 3 (2^64 - 1) = 2^64 - 3 modulo 2^64.
      ledger.refuse(
        "unbalanced",
        await spend({ ...draft, outputs: [pay(bob, 2, AMOUNT_MAX - 2n)] }),
      );
      const outputs = [pay(bob, 2, AMOUNT_MAX), pay(bob, 2, AMOUNT_MAX), pay(ann, 1, AMOUNT_MAX)];
      ledger.apply(await spend({ ...draft, outputs }));
      assert.equal(ledger.state.custodyOf(2), 2n * AMOUNT_MAX);
    });

    it("take 16 coins in and 16 out [R5] [R-051]", async () => {
      const coins: Coin[] = [];
      for (let i = 1n; i <= 16n; i++) coins.push(await ledger.coin(pay(ann, 1, i)));
      const outputs = coins.map((_, i) =>
        pay(i % 2 === 0 ? ann : bob, (i % 2) + 1, BigInt(16 - i)),
      );
      ledger.apply(await spend({ signer: ann, inputs: coins, outputs }));
      for (const { outpoint } of coins) assert.equal(ledger.state.coin(outpoint), undefined);
      assert.equal(ledger.state.custodyOf(2), 64n);
    });
  });

  describe("R6, known recipients", () => {
    it("refuse an owner who is not enrolled, and apply the record once it is [R6]", async () => {
      const cat = keyOf("cat");
      const record = await spend({ signer: ann, inputs: [coin], outputs: [pay(cat, 2, 100n)] });
      ledger.refuse("unknown-recipient", record);
      ledger.apply(await enrolment(cat, 2, ledger.bank(2).issuer), record);
    });

    it("refuse an owner enrolled with another custodian [R6]", async () => {
      const outputs = [pay(bob, 1, 100n)];
      ledger.refuse("unknown-recipient", await spend({ signer: ann, inputs: [coin], outputs }));
    });

    it("refuse a whole record for its last output [R6]", async () => {
      const outputs = [pay(bob, 2, 60n), pay(ann, 1, 39n), pay(keyOf("cat"), 2, 1n)];
      ledger.refuse("unknown-recipient", await spend({ signer: ann, inputs: [coin], outputs }));
    });

    it("pay a treasury key the custodian has or had, and no other member's [R6] [N-23]", async () => {
      const { treasury: past } = ledger.bank(2);
      const { treasury: present } = ledger.changeMember(2, {
        treasury: keyOf("new treasury of 2"),
      });
      const to = (key: NodeSigner, custodian: number) =>
        spend({ signer: ann, inputs: [coin], outputs: [pay(key, custodian, 100n)] });
      ledger.refuse("unknown-recipient", await to(present, 1));
      ledger.refuse("unknown-recipient", await to(past, 1));
      const outputs = [pay(past, 2, 50n), pay(present, 2, 50n)];
      ledger.apply(await spend({ signer: ann, inputs: [coin], outputs }));
    });

    it("refuse a custodian that is no member, for a key, a claim and a burn [R6]", async () => {
      const { treasury } = ledger.bank(1);
      const vault = ledger.deposit(1, 100n);
      for (const output of [pay(ann, 3, 100n), promise(secret, 3, 100n), burn(3, 100n)]) {
        const record = await spend({ signer: treasury, inputs: [vault], outputs: [output] });
        ledger.refuse("unknown-recipient", record);
      }
    });

    it("let anyone make a coin that waits for a claim with a member [R6] [N-19]", async () => {
      const outputs = [promise(secret, 2, 100n)];
      const record = await spend({ signer: ann, inputs: [coin], outputs });
      ledger.apply(record);
      assert.equal(ledger.state.coin(coinsOf(record)[0]!.outpoint)?.lock, lock.claim);
    });

    it("let a member's present treasury key burn to its own reserve [R6]", async () => {
      const { treasury: signer } = ledger.bank(1);
      const vault = ledger.deposit(1, 10n);
      const outputs = [burn(1, 4n), pay(signer, 1, 6n)];
      const record = await spend({ signer, inputs: [vault], outputs });
      ledger.apply(record);
      assert.equal(ledger.state.coin(coinsOf(record)[0]!.outpoint), undefined);
      assert.equal(ledger.state.custodyOf(1), 106n);
      assert.deepEqual(ledger.state.window(1, 1), { delta: 0n, burns: 4n });
    });

    it("refuse a burn by a device, by a past treasury key, and to another member's reserve [R6]", async () => {
      const { treasury: past } = ledger.bank(1);
      const vault = ledger.deposit(1, 100n);
      const { treasury } = ledger.changeMember(1, { treasury: keyOf("new treasury of 1") });
      const newer = ledger.deposit(1, 100n);
      const outputs = [burn(1, 100n)];
      ledger.refuse("unknown-recipient", await spend({ signer: ann, inputs: [coin], outputs }));
      ledger.refuse("unknown-recipient", await spend({ signer: past, inputs: [vault], outputs }));
      const toOther = { signer: treasury, inputs: [newer], outputs: [burn(2, 100n)] };
      ledger.refuse("unknown-recipient", await spend(toOther));
    });
  });

  it("let a suspended and a removed member's coins, devices and vault go on as before [R6] [N-23]", async () => {
    for (const status of [2, 3] as const) {
      for (const member of [1, 2]) ledger.changeMember(member, { status });
      const paid = await ledger.coin(pay(ann, 1, 50n));
      const outputs = [pay(bob, 2, 20n), pay(ann, 1, 20n), promise(secret, 2, 10n)];
      ledger.apply(await spend({ signer: ann, inputs: [paid], outputs }));
      const vault = ledger.deposit(2, 5n);
      const { treasury } = ledger.bank(2);
      ledger.apply(await spend({ signer: treasury, inputs: [vault], outputs: [burn(2, 5n)] }));
    }
  });

  it("refuse for the first rule that is broken, in the order of the rules [R1] [R2] [R3] [R4] [R5] [R6]", async () => {
    const cat = keyOf("cat");
    const bobs = await ledger.coin(pay(bob, 2, 7n));
    const wrong = { signer: ann, inputs: [coin, bobs, nowhere], outputs: [pay(cat, 2, 1n)] };
    const { bytes } = await spend(wrong);
    const badlySigned = Uint8Array.from(bytes);
    badlySigned[bytes.length - 4]! ^= 1;
    ledger.refuse("malformed", badlySigned.subarray(0, -1));
    ledger.refuse("bad-signature", badlySigned);
    ledger.refuse("unknown-coin", bytes);
    ledger.refuse("wrong-owner", await spend({ ...wrong, inputs: [coin, bobs] }));
    ledger.refuse("unbalanced", await spend({ ...wrong, inputs: [coin] }));
    const balanced = { signer: ann, inputs: [coin], outputs: [pay(cat, 2, 100n)] };
    ledger.refuse("unknown-recipient", await spend(balanced));
    ledger.apply(await spend({ ...balanced, outputs: [pay(bob, 2, 100n)] }));
  });
});
