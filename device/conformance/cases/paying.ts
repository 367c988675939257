/** What a device does when it pays: which coins, and when it cannot. */
import type { Case } from "../case.ts";
import { DAY_MS, RECEIPT_LIFE_MS } from "../consortium.ts";
import { check } from "../finding.ts";
import { isSame } from "../judge.ts";
import { OWN } from "../trial.ts";

export const payingCases: readonly Case[] = [
  {
    name: "pays",
    rules: ["D8", "D14"],
    title: "pays exactly what is asked, to the device that asks, and keeps the rest as change",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const { change } = await trial.pay(await trial.party("payee"), 30n);
      check(change === 70n, `70 come back, not ${change}`);
      await trial.holds({ spendable: 0n, waiting: 70n });
    },
  },
  {
    name: "pays-largest-amount",
    rules: ["D8", "D1"],
    title: "counts amounts up to 2^64 − 1 to the last unit",
    async run(trial) {
      const { consortium } = trial;
      const whole = 2n ** 64n - 1n;
      await trial.start();
      const rows = [1, 2].map((member) => ({ member, guarantee: whole }));
      await trial.subject.refresh({ lists: [await consortium.trustList({}, rows)] });
      await trial.recertify({ maxBalance: whole });
      await trial.load(whole);
      await trial.holds({ spendable: whole });
      const payee = await trial.party("payee", 2, { maxBalance: whole });
      const { change } = await trial.pay(payee, whole - 2n ** 53n - 1n);
      check(change === 2n ** 53n + 1n, `${2n ** 53n + 1n} come back, not ${change}`);
    },
  },
  {
    name: "pays-again-the-same",
    rules: ["D3"],
    title: "gives the same message 2 whenever the same message 1 is shown",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const { message, ask, id } = await trial.pay(payee, 30n);
      const again = () => trial.subject.pay(ask.request.bytes);
      check(isSame(await again(), message), "the second message 2 has the bytes of the first");
      await trial.subject.confirm(await payee.confirm(id));
      check(isSame(await again(), message), "so has the one after message 3");
      await trial.holds({ spendable: 70n, waiting: 0n });
    },
  },
  {
    name: "commits-coins",
    rules: ["D4", "D15"],
    title: "pays with no coin that it has committed, and says that a sync will help",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const [one, two] = [await trial.party("one"), await trial.party("two")];
      await trial.pay(one, 30n);
      const { request } = await two.ask(30n);
      await trial.refuses(["sync-needed"], () => trial.subject.pay(request.bytes));
      await trial.load(40n);
      const second = await trial.pay(two, 40n);
      check(second.change === 0n, "the second payment spends the new coin alone");
    },
  },
  {
    name: "receipts-first",
    rules: ["D15"],
    title: "pays with coins that have receipts first, and never mixes them with others",
    async run(trial) {
      await trial.start({ coins: [40n] });
      const party = await trial.party("party");
      await trial.takes(await trial.payment(party, 50n), 50n);
      const { request } = await party.ask(80n);
      await trial.refuses(["sync-needed"], () => trial.subject.pay(request.bytes));
      const { payment } = await trial.pay(party, 30n);
      check(payment.bundle.records.length === 1, "the coin with a receipt pays");
      const next = await trial.pay(party, 50n);
      check(next.payment.bundle.records.length === 2, "then the one that was received");
    },
  },
  {
    name: "insufficient-funds",
    rules: ["D15"],
    title: "refuses to pay more than it has",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const { request } = await (await trial.party("payee")).ask(101n);
      await trial.refuses(["insufficient-funds"], () => trial.subject.pay(request.bytes));
    },
  },
  {
    name: "own-receipts-expired",
    rules: ["D15", "D18"],
    title: "pays with no coin whose receipt has expired by signed time, until it is renewed",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [100n] });
      consortium.pass(RECEIPT_LIFE_MS);
      await subject.refresh({ lists: await consortium.lists() });
      await trial.recertify();
      await trial.holds({ spendable: 0n, frozen: 100n });
      const payee = await trial.party("payee");
      const { request } = await payee.ask(10n);
      await trial.refuses(["expired"], () => subject.pay(request.bytes));
      const [{ outpoint, output }] = trial.receipts as [(typeof trial.receipts)[0]];
      await subject.refresh({ receipts: [await consortium.vouch({ outpoint, output })] });
      await trial.pay(payee, 10n);
    },
  },
  {
    name: "own-certificate-expired",
    rules: ["D7", "D18"],
    title: "neither asks nor pays when its own certificate has expired",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [100n], certificate: { notAfter: consortium.now + DAY_MS } });
      consortium.pass(DAY_MS);
      await subject.refresh({ lists: await consortium.lists() });
      const { request } = await (await trial.party("payee")).ask(10n);
      await trial.refuses(["expired"], () => subject.pay(request.bytes));
      await trial.refuses(["expired"], () => subject.request(10n));
    },
  },
  {
    name: "own-key-revoked",
    rules: ["D7"],
    title: "pays nothing once its own key is revoked",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const lists = [await trial.consortium.revocations(OWN, [trial.owner])];
      await trial.subject.refresh({ lists });
      const { request } = await (await trial.party("payee")).ask(10n);
      await trial.refuses(["revoked"], () => trial.subject.pay(request.bytes));
    },
  },
];
