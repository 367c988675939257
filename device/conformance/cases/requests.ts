/** Whom a device pays. */
import { memberStatus } from "../../../protocol/rules.ts";
import type { Case } from "../case.ts";
import { DAY_MS, GUARANTEE } from "../consortium.ts";
import { OWN } from "../trial.ts";

export const requestsCases: readonly Case[] = [
  {
    name: "request-forged",
    rules: ["D14"],
    title: "refuses a request that the certified key has not signed",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const stranger = trial.seed.key("stranger");
      const { request } = await (await trial.party("payee")).ask(10n, {}, stranger);
      await trial.refuses(["bad-signature"], () => trial.subject.pay(request.bytes));
    },
  },
  {
    name: "request-own",
    rules: ["D14"],
    title: "refuses to pay its own request",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const { bytes } = await trial.request(10n);
      await trial.refuses(["not-for-us"], () => trial.subject.pay(bytes));
    },
  },
  {
    name: "payee-certificate-forged",
    rules: ["D7"],
    title: "pays nobody whose certificate no bank has signed",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const stranger = trial.seed.key("stranger");
      const certificate = await trial.consortium.certify(payee.key.publicKey, 2, {}, stranger);
      const { request } = await payee.ask(10n, { certificate });
      await trial.refuses(["bad-signature"], () => trial.subject.pay(request.bytes));
    },
  },
  {
    name: "payee-certificate-expired",
    rules: ["D7", "D18"],
    title: "pays nobody whose certificate has expired by signed time",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee", 2, { notAfter: consortium.now + DAY_MS });
      consortium.pass(DAY_MS);
      await subject.refresh({ lists: [await consortium.revocations(OWN)] });
      const { request } = await payee.ask(10n);
      await trial.refuses(["expired"], () => subject.pay(request.bytes));
    },
  },
  {
    name: "payee-revoked",
    rules: ["D7", "D17"],
    title: "pays nobody whose key is revoked",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      await subject.refresh({ lists: [await consortium.revocations(2, [payee.owner])] });
      const { request } = await payee.ask(10n);
      await trial.refuses(["revoked"], () => subject.pay(request.bytes));
    },
  },
  {
    name: "payee-bank-suspended",
    rules: ["D7"],
    title: "pays nobody whose bank is not in good standing",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const rows = [{ member: 2, status: memberStatus.suspended }];
      await trial.subject.refresh({ lists: [await trial.consortium.trustList({}, rows)] });
      const { request } = await payee.ask(10n);
      await trial.refuses(["untrusted-issuer"], () => trial.subject.pay(request.bytes));
    },
  },
  {
    name: "payee-over-guarantee",
    rules: ["D7"],
    title: "pays nobody who may hold more than its bank guarantees",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee", 2, { maxBalance: GUARANTEE + 1n });
      const { request } = await payee.ask(10n);
      await trial.refuses(["over-guarantee"], () => trial.subject.pay(request.bytes));
    },
  },
];
