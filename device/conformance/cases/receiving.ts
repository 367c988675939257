/** What a device does when it is paid: it takes what it asked for, once, and pays back what it does not want. */
import { equalBytes } from "../../../protocol/bytes.ts";
import { checkRecordSignature, outpointsOf, type SignedRecord } from "../../../protocol/record.ts";
import type { Case } from "../case.ts";
import { check, inOrder } from "../finding.ts";
import { isSame, sumOf } from "../judge.ts";
import { type Paid, payTo } from "../party.ts";
import { OWN, type Trial } from "../trial.ts";

export const receivingCases: readonly Case[] = [
  {
    name: "takes",
    rules: ["D8", "D21"],
    title: "takes what it asked for, says so in message 3, and keeps the record pending",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const paid = await trial.payment(payer, 30n, { coins: [await payer.coin(100n)] });
      await trial.takes(paid, 30n);
      await trial.holds({ spendable: 30n, frozen: 0n, waiting: 0n });
      const [record, ...others] = await trial.subject.pending();
      check(others.length === 0, "one record is pending");
      check(equalBytes(record!.bytes, paid.record.bytes), "it is the one that paid");
    },
  },
  {
    name: "asks-with-reference",
    rules: ["D1"],
    title: "says in message 1 what it is asked for: amount, reference, present certificate",
    async run(trial) {
      await trial.start({ certificate: { label: "Café Tally" } });
      await trial.request(1n, "");
      await trial.request(65_537n, "till 4, bon № 1871");
      await trial.request(3n, "x".repeat(64));
    },
  },
  {
    name: "asks-anew",
    rules: ["D6"],
    title: "has another key in each request",
    async run(trial) {
      await trial.start();
      const [one, two] = [await trial.request(10n), await trial.request(10n)];
      check(!equalBytes(one.ephemeral, two.ephemeral), "two requests have two ephemeral keys");
    },
  },
  {
    name: "takes-any-order",
    rules: ["D6"],
    title: "takes the answers to several open requests in any order",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const [one, two] = [await trial.payment(payer, 10n), await trial.payment(payer, 20n)];
      await trial.takes(two, 20n);
      await trial.takes(one, 10n);
      await trial.holds({ spendable: 30n });
    },
  },
  {
    name: "answers-again-the-same",
    rules: ["D3"],
    title: "gives the same message 3 to the same message 2, and takes the money once",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const paid = await trial.payment(payer, 30n);
      const { bytes } = await trial.takes(paid, 30n);
      await trial.leavesAsItWas(async () => {
        const again = await trial.subject.receive(paid.message);
        check(isSame(again.message, bytes), "the second message 3 has the bytes of the first");
        check(again.amount === 0n, "nothing comes in the second time");
      });
    },
  },
  {
    name: "answers-resealed-the-same",
    rules: ["D3"],
    title: "gives the same message 3 to the same record in another message 2",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const paid = await trial.payment(payer, 30n);
      const { bytes } = await trial.takes(paid, 30n);
      const resealed = await payer.seal(paid.request, paid.bundle);
      await trial.leavesAsItWas(async () => {
        const again = await trial.subject.receive(resealed);
        check(isSame(again.message, bytes), "the second message 3 has the bytes of the first");
        check(again.amount === 0n, "nothing comes in the second time");
      });
    },
  },
  {
    name: "request-paid-once",
    rules: ["D6", "D11"],
    title: "takes one payment to a request, and pays another back",
    async run(trial) {
      await trial.start();
      const { bytes } = await trial.request(30n);
      const [one, two] = [await trial.party("one"), await trial.party("two")];
      await trial.takes(await one.pay(bytes, [await one.coin(30n)]), 30n);
      await trial.returns(await two.pay(bytes, [await two.coin(30n)]), ["already-paid"]);
    },
  },
  {
    name: "payment-to-other",
    rules: ["D6"],
    title: "refuses a payment that is sealed to another device's request",
    async run(trial) {
      await trial.start();
      await trial.request(30n);
      const other = await (await trial.party("other")).ask(30n);
      const payer = await trial.party("payer");
      const paid = await payer.pay(other.request.bytes, [await payer.coin(30n)]);
      await trial.turnsDown(paid, ["not-for-us"]);
    },
  },
  {
    name: "payment-before-request",
    rules: ["D6"],
    title: "refuses a payment when it has asked for none",
    async run(trial) {
      await trial.start();
      const other = await (await trial.party("other")).ask(30n);
      const payer = await trial.party("payer");
      const paid = await payer.pay(other.request.bytes, [await payer.coin(30n)]);
      await trial.turnsDown(paid, ["not-for-us"]);
    },
  },
  {
    name: "nonce-of-other",
    rules: ["D6"],
    title: "takes no record that was made for another request",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const nonce = trial.seed.bytes("another nonce", 16);
      await trial.turnsDown(await trial.payment(payer, 30n, { body: { nonce } }), ["not-for-us"]);
    },
  },
  {
    name: "returns-wrong-amount",
    rules: ["D11", "D8"],
    title: "pays back another amount than it asked for, more or less",
    async run(trial) {
      await trial.start();
      for (const amount of [29n, 31n]) {
        const payer = await trial.party(`payer of ${amount}`);
        const outputs = [payTo(trial.certificate, amount), payer.output(100n - amount)];
        const coins = [await payer.coin(100n)];
        const paid = await trial.payment(payer, 30n, { coins, outputs });
        const { returned } = await trial.returns(paid, ["wrong-amount"]);
        await checkReturned(trial, paid, returned!, amount);
      }
      await trial.holds({ spendable: 0n, frozen: 0n, waiting: 0n });
    },
  },
  {
    name: "returns-over-balance",
    rules: ["D11", "D13"],
    title: "pays back what it may not hold any more when it comes",
    async run(trial) {
      await trial.start({ certificate: { maxBalance: 50n } });
      const payer = await trial.party("payer");
      const [one, two] = [await trial.payment(payer, 30n), await trial.payment(payer, 30n)];
      await trial.takes(one, 30n);
      const { returned } = await trial.returns(two, ["over-balance-limit"]);
      await checkReturned(trial, two, returned!, 30n);
    },
  },
  {
    name: "returns-again-the-same",
    rules: ["D3", "D11"],
    title: "gives the same return to the same message 2, and closes the request",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const { bytes } = await trial.request(30n);
      const outputs = [payTo(trial.certificate, 10n)];
      const paid = await payer.pay(bytes, [await payer.coin(10n)], { outputs });
      const first = await trial.returns(paid, ["wrong-amount"]);
      const again = await trial.subject.receive(paid.message);
      check(isSame(again.message, first.bytes), "the second message 3 has the bytes of the first");
      await trial.returns(await payer.pay(bytes, [await payer.coin(30n)]), ["already-paid"]);
    },
  },
  {
    name: "max-balance-asked",
    rules: ["D13"],
    title: "asks for no more than it may hold",
    async run(trial) {
      await trial.start({ coins: [60n], certificate: { maxBalance: 100n } });
      await trial.refuses(["over-balance-limit"], () => trial.subject.request(41n));
      const payer = await trial.party("payer");
      await trial.takes(await trial.payment(payer, 40n), 40n);
      await trial.refuses(["over-balance-limit"], () => trial.subject.request(1n));
    },
  },
  {
    name: "custodian-other",
    rules: ["D8"],
    title: "takes no coin that another bank than its own would keep",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const outputs = [{ ...payTo(trial.certificate, 30n), custodian: OWN + 1 }];
      const codes = ["unknown-recipient", "not-for-us"] as const;
      await trial.turnsDown(await trial.payment(payer, 30n, { outputs }), codes);
    },
  },
  {
    name: "pays-others-too",
    rules: ["D8"],
    title: "takes no payment that pays someone else as well",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const other = await trial.party("other");
      const outputs = [payTo(trial.certificate, 30n), other.output(10n)];
      const paid = await trial.payment(payer, 30n, { coins: [await payer.coin(40n)], outputs });
      await trial.turnsDown(paid, ["unknown-recipient", "not-for-us"]);
    },
  },
  {
    name: "pays-not-us",
    rules: ["D8"],
    title: "takes no payment of which nothing comes to it",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const outputs = [payer.output(30n)];
      const codes = ["not-for-us", "unknown-recipient", "wrong-amount"] as const;
      await trial.turnsDown(await trial.payment(payer, 30n, { outputs }), codes);
    },
  },
  {
    name: "double-spend-seen",
    rules: ["D8", "D9"],
    title: "takes no second payment with a coin that it has been paid with already",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const coins = [await payer.coin(30n)];
      const [one, two] = [
        await trial.payment(payer, 30n, { coins }),
        await trial.payment(payer, 30n, { coins }),
      ];
      await trial.takes(one, 30n);
      await trial.turnsDown(two, ["spent"]);
    },
  },
];

/** Whether a return gives the payer back all that it paid the device, out of nothing else. */
function checkReturned(
  trial: Trial,
  paid: Paid,
  returned: SignedRecord,
  amount: bigint,
): Promise<void> {
  return inOrder("the return", () => {
    const { networkId, verifier, certificate } = trial.bench;
    checkRecordSignature(networkId, returned, verifier);
    check(equalBytes(returned.signer, certificate.deviceKey), "the device has signed the return");
    const received = outpointsOf(networkId, paid.record)[0];
    check(returned.inputs.join() === received, "the return spends what was received and no more");
    const payer = paid.coins.at(-1)!.ancestry.certificates[0]!;
    const payee = payTo(payer, amount);
    const isBack = returned.outputs.every(
      ({ lock, owner, custodian }) =>
        lock === payee.lock && owner === payee.owner && custodian === payee.custodian,
    );
    check(isBack && sumOf(returned.outputs) === amount, "the return pays the payer all of it");
  });
}
