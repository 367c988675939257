/** What a device takes from its bank: its certificate, receipts, and the word that a record has applied. */
import type { RefusalCode } from "../../../protocol/refusal.ts";
import type { Case } from "../case.ts";
import { RECEIPT_LIFE_MS } from "../consortium.ts";
import { check } from "../finding.ts";
import { OWN } from "../trial.ts";

export const bankCases: readonly Case[] = [
  {
    name: "certificate-foreign",
    rules: ["D20"],
    title: "takes no certificate of another key, or by another member than its own",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start();
      const { deviceKey } = trial.certificate;
      const foreign = [
        await consortium.certify(seed.key("other").publicKey, OWN),
        await consortium.certify(deviceKey, 2),
      ];
      for (const certificate of foreign) {
        await trial.refuses(["not-for-us"], () => subject.refresh({ certificate }));
      }
      await trial.request(10n);
    },
  },
  {
    name: "certificate-forged",
    rules: ["D20", "D7"],
    title: "takes no certificate that its bank has not signed, or that lives too long",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start({ certificate: { maxBalance: 10n } });
      const { deviceKey } = trial.certificate;
      consortium.pass(1);
      const stranger = seed.key("stranger");
      const forged = await consortium.certify(deviceKey, OWN, {}, stranger);
      await trial.refuses(["bad-signature"], () => subject.refresh({ certificate: forged }));
      const notAfter = consortium.now + RECEIPT_LIFE_MS + 1;
      const long = await consortium.certify(deviceKey, OWN, { notAfter });
      await trial.refuses(["untrusted-issuer"], () => subject.refresh({ certificate: long }));
      await trial.refuses(["over-balance-limit"], () => subject.request(11n));
    },
  },
  {
    name: "no-certificate-yet",
    rules: ["D7"],
    title: "neither asks nor pays before it is certified",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.personalise();
      await subject.refresh({ lists: await consortium.lists() });
      const { request } = await (await trial.party("payee")).ask(10n);
      const codes: RefusalCode[] = ["sync-needed"];
      await trial.refuses(codes, () => subject.request(10n));
      await trial.refuses(codes, () => subject.pay(request.bytes));
    },
  },
  {
    name: "receipt-foreign",
    rules: ["D20"],
    title: "takes no receipt for a coin that is not its own",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start();
      const foreign = [
        await consortium.coin(seed.key("other").owner, OWN, 50n),
        await consortium.coin(trial.owner, 2, 50n),
      ];
      for (const receipt of foreign) {
        await trial.refuses(["not-for-us"], () => subject.refresh({ receipts: [receipt] }));
      }
    },
  },
  {
    name: "receipt-untrue",
    rules: ["D20", "D9"],
    title: "takes no receipt that its bank has not signed, that has expired, or lives too long",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start();
      const coin = await consortium.coin(trial.owner, OWN, 50n);
      const { now } = consortium;
      const untrue = [
        await consortium.vouch(coin, {}, seed.key("stranger")),
        await consortium.vouch(coin, {}, consortium.issuer(2)),
        await consortium.vouch(coin, { notAfter: now + RECEIPT_LIFE_MS + 1 }),
        await consortium.vouch(coin, { issued: now - RECEIPT_LIFE_MS, notAfter: now }),
      ];
      for (const receipt of untrue) {
        const codes: RefusalCode[] = ["false-receipt", "expired"];
        await trial.refuses(codes, () => subject.refresh({ receipts: [receipt] }));
      }
      await subject.refresh({ receipts: [coin] });
      await trial.holds({ spendable: 50n });
    },
  },
  {
    name: "receipt-revives-nothing",
    rules: ["D20", "D4"],
    title: "spends no coin again that it has paid with, whatever receipts come for it",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [50n] });
      const payee = await trial.party("payee");
      const { id } = await trial.payAndConfirm(payee, 50n);
      const [receipt] = trial.receipts;
      await trial.outcome(() => subject.refresh({ receipts: [receipt!] }));
      await trial.holds({ spendable: 0n, frozen: 0n, waiting: 0n });
      await subject.settled(await consortium.applied(id, OWN));
      await trial.outcome(() => subject.refresh({ receipts: [receipt!] }));
      await trial.holds({ spendable: 0n, frozen: 0n, waiting: 0n });
    },
  },
  {
    name: "settles",
    rules: ["D21", "D5"],
    title: "frees change, and keeps a record pending no longer, when its bank says that it applied",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const { id } = await trial.pay(await trial.party("payee"), 30n);
      await trial.subject.settled(await trial.consortium.applied(id, OWN));
      await trial.holds({ spendable: 70n, waiting: 0n });
      const pending = await trial.subject.pending();
      check(pending.length === 0, "nothing is pending any more");
    },
  },
  {
    name: "settles-by-receipt",
    rules: ["D21", "D5"],
    title: "knows by a receipt for its change that the payment has applied",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const { record, id } = await trial.pay(await trial.party("payee"), 30n);
      const change = record.outputs.findIndex(({ owner }) => owner === trial.owner);
      const outpoint = `${id}${change.toString(16).padStart(2, "0")}` as const;
      const output = record.outputs[change]!;
      await trial.subject.refresh({
        receipts: [await trial.consortium.vouch({ outpoint, output })],
      });
      await trial.holds({ spendable: 70n, waiting: 0n });
      const pending = await trial.subject.pending();
      check(pending.length === 0, "nothing is pending any more");
    },
  },
  {
    name: "statement-forged",
    rules: ["D21", "D5"],
    title: "believes no statement that its own bank has not signed",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start({ coins: [100n] });
      const { id } = await trial.pay(await trial.party("payee"), 30n);
      const forged = await consortium.applied(id, OWN, seed.key("stranger"));
      await trial.refuses(["bad-signature"], () => subject.settled(forged));
      const other = await consortium.applied(id, 2);
      await trial.refuses(["not-for-us"], () => subject.settled(other));
    },
  },
  {
    name: "stays-pending",
    rules: ["D21"],
    title: "keeps what it paid and what it received pending, message 3 or not",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const party = await trial.party("party");
      const { record } = await trial.payAndConfirm(party, 30n);
      const paid = await trial.payment(party, 10n);
      await trial.takes(paid, 10n);
      const pending = (await trial.subject.pending()).map(({ body }) => body.join());
      const expected = [record, paid.record].map(({ body }) => body.join());
      check(
        pending.length === 2 && expected.every((body) => pending.includes(body)),
        "both records are pending",
      );
    },
  },
];
