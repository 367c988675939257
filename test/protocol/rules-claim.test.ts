/** The rule R4 of a claim: who holds the secret is paid by the custodian, and no one else. */
import assert from "node:assert/strict";
import { sha256 } from "#sha256";
import { utf8 } from "../../protocol/bytes.ts";
import type { NodeSigner } from "../../protocol/p256-node.ts";
import { TestLedger } from "../support/ledger.ts";
import { burn, claim, type Coin, idOf, keyOf, pay, promise } from "../support/ledger-parts.ts";

const secret = sha256(utf8.encode("a secret"));
const otherSecret = sha256(utf8.encode("another secret"));

describe("the rules of a claim", () => {
  let ledger: TestLedger;
  let bob: NodeSigner;
  let waiting: Coin;

  beforeEach(async () => {
    ledger = new TestLedger(1, 2);
    bob = await ledger.enrol("bob", 2);
    waiting = await ledger.coin(promise(secret, 2, 9n));
  });

  const claimFor = (signer: NodeSigner, preimage = secret, coin = waiting) =>
    claim({ signer, inputs: [coin], outputs: [pay(bob, 2, coin.output.amount)], preimage });

  it("apply one with the secret, signed by the custodian's present treasury key [R4] [N-19]", async () => {
    ledger.apply(await claimFor(ledger.bank(2).treasury));
    assert.equal(ledger.state.coin(waiting.outpoint), undefined);
    assert.deepEqual(
      [...ledger.state.coinsOf(pay(bob, 2, 9n).owner)].map(([, output]) => output),
      [pay(bob, 2, 9n)],
    );
  });

  it("let the custodian burn what was claimed in the same record [R4] [R6]", async () => {
    const { treasury: signer } = ledger.bank(2);
    const outputs = [burn(2, 9n)];
    ledger.apply(await claim({ signer, inputs: [waiting], outputs, preimage: secret }));
    assert.deepEqual(ledger.state.window(1, 2), { delta: 0n, burns: 9n });
  });

  it("refuse a claim on a coin of a key [R4]", async () => {
    const coin = await ledger.coin(pay(bob, 2, 9n));
    const { treasury } = ledger.bank(2);
    assert.match(ledger.refuse("wrong-owner", await claimFor(treasury, secret, coin)), /no claim/);
  });

  it("refuse another secret [R4] [N-19]", async () => {
    const { treasury } = ledger.bank(2);
    ledger.refuse("wrong-preimage", await claimFor(treasury, otherSecret));
  });

  it("refuse any signer but the custodian's present treasury key [R4]", async () => {
    const { treasury: past } = ledger.bank(2);
    ledger.changeMember(2, { treasury: keyOf("new treasury of 2") });
    for (const signer of [bob, past, ledger.bank(1).treasury])
      ledger.refuse("wrong-owner", await claimFor(signer));
    ledger.apply(await claimFor(ledger.bank(2).treasury));
  });

  it("call a second claim spent and name the first [R3] [N-19]", async () => {
    const { treasury: signer } = ledger.bank(2);
    const first = await claimFor(signer);
    ledger.apply(first);
    const outputs = [pay(signer, 2, 9n)];
    const second = await claim({ signer, inputs: [waiting], outputs, preimage: secret });
    assert.match(ledger.refuse("spent", second), new RegExp(idOf(first)));
  });

  it("refuse for the lock first, then the secret, then the signer, then the sums [R4] [R5]", async () => {
    const coin = await ledger.coin(pay(bob, 2, 9n));
    const wrong = { signer: bob, outputs: [pay(keyOf("cat"), 2, 1n)], preimage: otherSecret };
    ledger.refuse("wrong-owner", await claim({ ...wrong, inputs: [coin] }));
    const draft = { ...wrong, inputs: [waiting] };
    ledger.refuse("wrong-preimage", await claim(draft));
    const opened = { ...draft, preimage: secret };
    assert.match(ledger.refuse("wrong-owner", await claim(opened)), /treasury key of member 2/);
    const signed = { ...opened, signer: ledger.bank(2).treasury };
    ledger.refuse("unbalanced", await claim(signed));
    ledger.refuse(
      "unknown-recipient",
      await claim({ ...signed, outputs: [pay(keyOf("cat"), 2, 9n)] }),
    );
  });
});
