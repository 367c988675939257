/** What an emergency profile changes: limits for a place and a time, by the authority's signature. */
import type { RefusalCode } from "../../../protocol/refusal.ts";
import type { Case } from "../case.ts";
import { DAY_MS } from "../consortium.ts";
import type { Party } from "../party.ts";
import { OWN, PLACE, type Trial } from "../trial.ts";

const OVER: readonly RefusalCode[] = ["over-payment-limit"];

export const emergencyCases: readonly Case[] = [
  {
    name: "emergency-lowers",
    rules: ["D25"],
    title: "pays less where a profile is in force, and as before once it has ended",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [40n, 90n], certificate: { maxPayment: 100n } });
      const payee = await trial.party("payee");
      await subject.refresh({ lists: [await consortium.emergency({ payment: 50 })] });
      await refusesToPay(trial, payee, 50n, OVER);
      await trial.payAndConfirm(payee, 40n);
      consortium.pass(DAY_MS);
      await subject.refresh({ lists: [await consortium.revocations(OWN)] });
      await trial.payAndConfirm(payee, 90n);
    },
  },
  {
    name: "emergency-raises",
    rules: ["D25"],
    title: "pays more, and more often, where a profile says so",
    async run(trial) {
      const { consortium, subject } = trial;
      const certificate = { maxPayment: 100n, maxCount: 1, windowS: 3600 };
      await trial.start({ coins: [150n, 150n, 150n], certificate });
      const payee = await trial.party("payee");
      await refusesToPay(trial, payee, 150n, OVER);
      await subject.refresh({ lists: [await consortium.emergency({ payment: 200, count: 200 })] });
      await trial.payAndConfirm(payee, 150n);
      await trial.payAndConfirm(payee, 150n);
      await refusesToPay(trial, payee, 150n, ["over-count-limit"]);
    },
  },
  {
    name: "emergency-elsewhere",
    rules: ["D25"],
    title: "goes by a profile for its own place or a larger one, and not by one for another",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [100n], certificate: { maxPayment: 90n } });
      const payee = await trial.party("payee");
      for (const places of [["CN"], [`${PLACE}-M`], ["D"]]) {
        const elsewhere = await consortium.emergency({ payment: 10 }, { places });
        await subject.refresh({ lists: [elsewhere] });
      }
      await trial.payAndConfirm(payee, 10n);
      for (const places of [[PLACE], ["DE"]]) {
        await subject.refresh({ lists: [await consortium.emergency({ payment: 10 }, { places })] });
        await refusesToPay(trial, payee, 10n, OVER);
      }
    },
  },
  {
    name: "emergency-off-stays-off",
    rules: ["D25"],
    title: "leaves off a limit that is off, and frozen what is frozen",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [100n], certificate: { maxDepth: 0 } });
      const payee = await trial.party("payee");
      await subject.refresh({ lists: [await consortium.emergency({ payment: 1, depth: 900 })] });
      await trial.payAndConfirm(payee, 60n);
      await trial.holds({ spendable: 0n, frozen: 40n });
      await refusesToPay(trial, payee, 10n, ["over-depth-limit"]);
    },
  },
  {
    name: "emergency-forged",
    rules: ["D25", "D17"],
    title: "passes over a profile that the authority has not signed, or that is older",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start({ coins: [100n], certificate: { maxPayment: 50n } });
      const payee = await trial.party("payee");
      const old = await consortium.emergency({ payment: 900 });
      await subject.refresh({ lists: [await consortium.emergency({ payment: 100 })] });
      const forged = await consortium.emergency({ payment: 900 }, {}, seed.key("stranger"));
      for (const list of [old, forged]) {
        await trial.outcome(() => subject.refresh({ lists: [list] }));
        await refusesToPay(trial, payee, 50n, OVER);
      }
    },
  },
  {
    name: "emergency-when-paid",
    rules: ["D25", "D12"],
    title: "judges the payer's limit by the profile, and learns the profile from a payment",
    async run(trial) {
      const { consortium } = trial;
      await trial.start();
      const payer = await trial.party("payer", 2, { maxPayment: 100n });
      const lists = [await consortium.emergency({ payment: 50 })];
      await trial.turnsDown(await trial.payment(payer, 50n, { lists }), OVER);
      await trial.takes(await trial.payment(payer, 49n), 49n);
    },
  },
  {
    name: "emergency-balance",
    rules: ["D25", "D13"],
    title: "holds more or less by the profile, and never more than its member guarantees",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ certificate: { maxBalance: 1_000n } });
      const codes: RefusalCode[] = ["over-balance-limit"];
      await subject.refresh({ lists: [await consortium.emergency({ balance: 50 })] });
      await trial.refuses(codes, () => subject.request(501n));
      await trial.request(500n);
      await subject.refresh({ lists: [await consortium.emergency({ balance: 65_535 })] });
      await trial.request(600_000n);
      const rows = [{ member: OWN, guarantee: 1_000n }];
      await subject.refresh({ lists: [await consortium.trustList({}, rows)] });
      await trial.refuses(codes, () => subject.request(1_001n));
    },
  },
];

async function refusesToPay(
  trial: Trial,
  payee: Party,
  amount: bigint,
  codes: readonly RefusalCode[],
): Promise<void> {
  const { request } = await payee.ask(amount);
  await trial.refuses(codes, () => trial.subject.pay(request.bytes));
}
