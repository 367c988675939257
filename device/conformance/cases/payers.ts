/** Whose money a device takes: the payer's certificate, its bank, and its signature. */
import type { Certificate, SignedCertificate } from "../../../protocol/certificate.ts";
import type { RefusalCode } from "../../../protocol/refusal.ts";
import { memberStatus } from "../../../protocol/rules.ts";
import type { Case } from "../case.ts";
import { DAY_MS, GUARANTEE, RECEIPT_LIFE_MS } from "../consortium.ts";
import { OWN, type Trial } from "../trial.ts";

export const payersCases: readonly Case[] = [
  {
    name: "payer-certificate-forged",
    rules: ["D7"],
    title: "takes no money from a key whose certificate no bank has signed",
    async run(trial) {
      await trial.start();
      const { consortium, seed } = trial;
      const payer = seed.key("payer").publicKey;
      const forged = await consortium.certify(payer, 2, {}, seed.key("stranger"));
      await turnsDown(trial, forged, ["bad-signature"]);
      const byOther = await consortium.certify(payer, 2, {}, consortium.issuer(OWN));
      await turnsDown(trial, byOther, ["bad-signature"]);
    },
  },
  {
    name: "payer-certificate-expired",
    rules: ["D7", "D18"],
    title: "takes no money from a key whose certificate has expired by signed time",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const { now } = consortium;
      consortium.pass(DAY_MS);
      await subject.refresh({ lists: [await consortium.revocations(OWN)] });
      const expired = await certificateOf(trial, { notBefore: now, notAfter: now + DAY_MS });
      await turnsDown(trial, expired, ["expired"]);
    },
  },
  {
    name: "payer-certificate-early",
    rules: ["D7"],
    title: "takes no money from a key whose certificate has not begun",
    async run(trial) {
      await trial.start();
      const early = await certificateOf(trial, { notBefore: trial.consortium.now + 1 });
      await turnsDown(trial, early, ["not-yet-valid"]);
    },
  },
  {
    name: "payer-certificate-long",
    rules: ["D7"],
    title: "takes no money from a key whose certificate lives longer than receiptLife",
    async run(trial) {
      await trial.start();
      const { now } = trial.consortium;
      const long = await certificateOf(trial, { notAfter: now + RECEIPT_LIFE_MS + 1 });
      await turnsDown(trial, long, ["untrusted-issuer"]);
    },
  },
  {
    name: "payer-revoked",
    rules: ["D7", "D17"],
    title: "takes no money from a key that its bank has revoked",
    async run(trial) {
      await trial.start();
      const { owner } = trial.seed.key("payer");
      await trial.subject.refresh({ lists: [await trial.consortium.revocations(2, [owner])] });
      await turnsDown(trial, await certificateOf(trial), ["revoked"]);
    },
  },
  {
    name: "payer-bank-suspended",
    rules: ["D7"],
    title: "takes no money from a key whose bank is not in good standing",
    async run(trial) {
      await trial.start();
      for (const status of [memberStatus.suspended, memberStatus.removed]) {
        const list = await trial.consortium.trustList({}, [{ member: 2, status }]);
        await trial.subject.refresh({ lists: [list] });
        await turnsDown(trial, await certificateOf(trial), ["untrusted-issuer"]);
      }
    },
  },
  {
    name: "payer-bank-unknown",
    rules: ["D7"],
    title: "takes no money from a key whose bank is not in the trust list",
    async run(trial) {
      await trial.start();
      const { consortium, seed } = trial;
      const unknown = await consortium.certify(seed.key("payer").publicKey, 9);
      await turnsDown(trial, unknown, ["untrusted-issuer"]);
    },
  },
  {
    name: "payer-over-guarantee",
    rules: ["D7"],
    title: "takes no money from a key that may hold more than its bank guarantees",
    async run(trial) {
      await trial.start();
      const over = await certificateOf(trial, { maxBalance: GUARANTEE + 1n });
      await turnsDown(trial, over, ["over-guarantee"]);
    },
  },
  {
    name: "payer-bank-impaired",
    rules: ["D7"],
    title: "takes no money from a key whose bank guarantees nothing for now",
    async run(trial) {
      await trial.start();
      const rows = [{ member: 2, guarantee: 0n }];
      await trial.subject.refresh({ lists: [await trial.consortium.trustList({}, rows)] });
      await turnsDown(trial, await certificateOf(trial), ["over-guarantee"]);
    },
  },
  {
    name: "payer-max-payment",
    rules: ["D12"],
    title: "takes no payment that is not below the payer's maxPayment",
    async run(trial) {
      await trial.start();
      const certificate = await certificateOf(trial, { maxPayment: 30n });
      await turnsDown(trial, certificate, ["over-payment-limit"]);
      const limited = await trial.party("payer", 2, { maxPayment: 31n });
      await trial.takes(await trial.payment(limited, 30n), 30n);
    },
  },
  {
    name: "issuer-rotated",
    rules: ["D7"],
    title: "takes what a bank's previous issuer key signed for receiptLife, and not after that",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start();
      const payer = await trial.party("payer");
      const coins = [await payer.coin(30n)];
      const rotated = {
        member: 2,
        issuer: seed.key("the next issuer").publicKey,
        previousIssuer: consortium.issuer(2).publicKey,
      };
      await subject.refresh({ lists: [await consortium.trustList({}, [rotated])] });
      await trial.takes(await trial.payment(payer, 30n, { coins }), 30n);
      consortium.pass(RECEIPT_LIFE_MS);
      await subject.refresh({ lists: [await consortium.revocations(OWN)] });
      await trial.recertify();
      await turnsDown(trial, await certificateOf(trial), ["bad-signature"]);
    },
  },
  {
    name: "record-forged",
    rules: ["D8"],
    title: "takes no record that the certified key has not signed",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const signer = { ...trial.seed.key("stranger"), publicKey: payer.key.publicKey };
      await trial.turnsDown(await trial.payment(payer, 30n, { signer }), ["bad-signature"]);
    },
  },
];

function certificateOf(trial: Trial, changed: Partial<Certificate> = {}) {
  return trial.consortium.certify(trial.seed.key("payer").publicKey, 2, changed);
}

/** Whether a payment that is in order but for the payer's certificate is turned down. */
async function turnsDown(
  trial: Trial,
  certificate: SignedCertificate,
  codes: readonly RefusalCode[],
): Promise<void> {
  const payer = await trial.party("payer");
  await trial.turnsDown(await trial.payment(payer, 30n, { certificate }), codes);
}
