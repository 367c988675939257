/** The limits of a certificate: how much, how often, how deep. */
import type { Case } from "../case.ts";
import { OWN } from "../trial.ts";

export const limitsCases: readonly Case[] = [
  {
    name: "max-payment",
    rules: ["D12"],
    title: "pays less than maxPayment, and refuses to pay as much as it",
    async run(trial) {
      await trial.start({ coins: [200n], certificate: { maxPayment: 50n } });
      const payee = await trial.party("payee");
      for (const amount of [50n, 51n]) {
        const { request } = await payee.ask(amount);
        await trial.refuses(["over-payment-limit"], () => trial.subject.pay(request.bytes));
      }
      await trial.payAndConfirm(payee, 49n);
    },
  },
  {
    name: "max-count",
    rules: ["D12"],
    title: "pays fewer than maxCount times in a window, and refuses the next payment",
    async run(trial) {
      const certificate = { maxCount: 2, windowS: 3600 };
      await trial.start({ coins: [10n, 10n, 10n, 10n], certificate });
      const payee = await trial.party("payee");
      for (let i = 0; i < 2; i++) await trial.payAndConfirm(payee, 10n);
      const { request } = await payee.ask(10n);
      await trial.refuses(["over-count-limit"], () => trial.subject.pay(request.bytes));
    },
  },
  {
    name: "max-count-window",
    rules: ["D12", "D18"],
    title: "counts the window in signed time: it may pay again once its bank's time has moved on",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [10n, 10n], certificate: { maxCount: 1, windowS: 3600 } });
      const payee = await trial.party("payee");
      await trial.payAndConfirm(payee, 10n);
      const { request } = await payee.ask(10n);
      consortium.pass(3_599_000);
      await subject.refresh({ lists: [await consortium.revocations(OWN)] });
      await trial.refuses(["over-count-limit"], () => subject.pay(request.bytes));
      consortium.pass(1_000);
      await subject.refresh({ lists: [await consortium.revocations(OWN)] });
      await trial.payAndConfirm(payee, 10n);
    },
  },
  {
    name: "limits-off",
    rules: ["D12"],
    title: "takes 0 for no limit: any amount, any number of times",
    async run(trial) {
      await trial.start({ coins: [100_000n, 10n, 10n, 10n] });
      const payee = await trial.party("payee");
      for (const amount of [100_000n, 10n, 10n, 10n]) await trial.payAndConfirm(payee, amount);
    },
  },
  {
    name: "limits-lowered",
    rules: ["D20", "D12"],
    title: "takes no certificate older than its own, so that lowered limits stay",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const old = trial.certificate;
      trial.consortium.pass(1_000);
      await trial.recertify({ maxPayment: 5n });
      await trial.outcome(() => trial.subject.refresh({ certificate: old }));
      const { request } = await (await trial.party("payee")).ask(5n);
      await trial.refuses(["over-payment-limit"], () => trial.subject.pay(request.bytes));
    },
  },
  {
    name: "frozen-when-received",
    rules: ["D10"],
    title: "pays nothing that it has received where maxDepth is 0, until it has a receipt",
    async run(trial) {
      await trial.start({ certificate: { maxDepth: 0 } });
      const payer = await trial.party("payer");
      const paid = await trial.payment(payer, 50n);
      await trial.takes(paid, 50n);
      await trial.holds({ spendable: 0n, frozen: 50n });
      const { request } = await payer.ask(20n);
      await trial.refuses(["over-depth-limit"], () => trial.subject.pay(request.bytes));
      const [{ outpoint, output }] = paid.coins as [(typeof paid.coins)[0]];
      await trial.subject.refresh({
        receipts: [await trial.consortium.vouch({ outpoint, output })],
      });
      await trial.holds({ spendable: 50n, frozen: 0n });
      await trial.pay(payer, 20n);
    },
  },
  {
    name: "change-as-deep",
    rules: ["D10"],
    title: "counts its own change as one deeper than the coin it comes from",
    async run(trial) {
      await trial.start({ coins: [100n], certificate: { maxDepth: 1 } });
      const payee = await trial.party("payee");
      await trial.payAndConfirm(payee, 10n);
      await trial.payAndConfirm(payee, 10n);
      await trial.holds({ spendable: 0n, frozen: 80n });
      const { request } = await payee.ask(10n);
      await trial.refuses(["over-depth-limit"], () => trial.subject.pay(request.bytes));
    },
  },
];
