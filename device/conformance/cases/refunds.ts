/** Money that goes back: refunds and change, as the one who pays it and as the one who is paid. */
import type { Hex } from "../../../protocol/bytes.ts";
import type { Amount } from "../../../protocol/money.ts";
import { formatReference } from "../../../protocol/reference.ts";
import type { RefusalCode } from "../../../protocol/refusal.ts";
import type { Case } from "../case.ts";
import { judgePayment } from "../judge.ts";
import type { Ask, Paid, Party } from "../party.ts";
import type { Trial } from "../trial.ts";

export const refundsCases: readonly Case[] = [
  {
    name: "refund-paid",
    rules: ["D24"],
    title: "pays back what it received, in parts, and never more than it received",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const customer = await trial.party("customer");
      const { id } = await sold(trial, customer, 50n);
      await paysBack(trial, customer, await customer.ask(20n, refund(id)));
      await trial.load(100n);
      await refusesToPay(trial, await customer.ask(31n, refund(id)), ["over-refund"]);
      await paysBack(trial, customer, await customer.ask(30n, refund(id)));
    },
  },
  {
    name: "refund-counted-after-restart",
    rules: ["D24", "D22"],
    title: "remembers what it has paid back when it has been without power",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const customer = await trial.party("customer");
      const { id } = await sold(trial, customer, 50n);
      await paysBack(trial, customer, await customer.ask(40n, refund(id)));
      await trial.subject.restart();
      await trial.load(100n);
      await refusesToPay(trial, await customer.ask(11n, refund(id)), ["over-refund"]);
    },
  },
  {
    name: "refund-foreign",
    rules: ["D24"],
    title: "pays back nobody but the device that paid, and nothing that was never paid",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const customer = await trial.party("customer");
      const { id } = await sold(trial, customer, 50n);
      const other = await trial.party("other");
      await refusesToPay(trial, await other.ask(10n, refund(id)), ["not-refundable"]);
      const unknown: Hex = `0x${"ab".repeat(32)}`;
      await refusesToPay(trial, await customer.ask(10n, refund(unknown)), ["not-refundable"]);
      const { id: spent } = await trial.payAndConfirm(customer, 100n);
      await trial.load(100n);
      await refusesToPay(trial, await customer.ask(10n, refund(spent)), ["not-refundable"]);
    },
  },
  {
    name: "refund-asked",
    rules: ["D24"],
    title: "asks back no more than it paid, and takes it from the device that it paid",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const shop = await trial.party("shop");
      const { id } = await trial.payAndConfirm(shop, 50n);
      const { reference } = refund(id);
      await trial.refuses(["over-refund"], () => trial.subject.request(51n, reference));
      const { bytes } = await trial.request(20n, reference);
      const stranger = await trial.party("stranger");
      const foreign = await stranger.pay(bytes, [await stranger.coin(20n)]);
      await trial.returns(foreign, ["not-refundable"]);
      const again = await trial.request(20n, reference);
      await trial.takes(await shop.pay(again.bytes, [await shop.coin(20n)]), 20n);
      await trial.refuses(["over-refund"], () => trial.subject.request(31n, reference));
    },
  },
  {
    name: "change-given",
    rules: ["D24"],
    title: "gives the change of a price, all of it and once",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const customer = await trial.party("customer");
      const { id } = await sold(trial, customer, 50n, "price:30 tea");
      const reference = formatReference({ kind: "change", of: id });
      await refusesToPay(trial, await customer.ask(19n, { reference }), ["wrong-amount"]);
      await paysBack(trial, customer, await customer.ask(20n, { reference }));
      await trial.load(100n);
      await refusesToPay(trial, await customer.ask(20n, { reference }), ["over-refund"]);
    },
  },
  {
    name: "references-strict",
    rules: ["D24", "D1"],
    title:
      "refuses a reference that has the look of a refund, of change or of a price, and is none",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      for (const reference of ["refund:tea", "change:", "price:0", "price:1.50", "price:01"]) {
        await refusesToPay(trial, await payee.ask(10n, { reference }), ["malformed"]);
        await trial.refuses(["malformed"], () => trial.subject.request(10n, reference));
      }
      await trial.payAndConfirm(payee, 10n);
    },
  },
  {
    name: "till-pays-back-alone",
    rules: ["D24"],
    title: "pays refunds and nothing else where it is certified as a terminal",
    async run(trial) {
      await trial.start({ coins: [100n], certificate: { class: "terminal" } });
      const customer = await trial.party("customer");
      await refusesToPay(trial, await customer.ask(10n), ["refunds-only"]);
      const { id } = await sold(trial, customer, 50n);
      await paysBack(trial, customer, await customer.ask(20n, refund(id)));
    },
  },
  {
    name: "till-pays-nobody-else",
    rules: ["D24"],
    title: "takes no payment from a terminal that is no refund",
    async run(trial) {
      await trial.start();
      const till = await trial.party("till", 2, { class: "terminal" });
      await trial.turnsDown(await trial.payment(till, 30n), ["refunds-only"]);
    },
  },
];

function refund(of: Hex): { readonly reference: string } {
  return { reference: formatReference({ kind: "refund", of }) };
}

/** A party pays the device for something. */
async function sold(
  trial: Trial,
  customer: Party,
  amount: Amount,
  reference?: string,
): Promise<Paid> {
  const { bytes } = await trial.request(amount, reference);
  const paid = await customer.pay(bytes, [await customer.coin(amount)]);
  await trial.takes(paid, amount);
  return paid;
}

/** The device pays what a party asks back, and hears that it has it. */
async function paysBack(trial: Trial, customer: Party, ask: Ask): Promise<void> {
  const message = await trial.subject.pay(ask.request.bytes);
  const { id } = await judgePayment(trial.bench, customer, ask, message);
  await trial.subject.confirm(await customer.confirm(id));
}

async function refusesToPay(
  trial: Trial,
  { request }: Ask,
  codes: readonly RefusalCode[],
): Promise<void> {
  await trial.refuses(codes, () => trial.subject.pay(request.bytes));
}
