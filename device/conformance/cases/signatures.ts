/** What signatures look like: of one form, in what a device says and in what it believes. */
import { p256 } from "@noble/curves/nist.js";
import { concat } from "../../../protocol/bytes.ts";
import { decodeConfirmation } from "../../../protocol/confirmation.ts";
import { decodeRecord, encodeRecord } from "../../../protocol/record.ts";
import { isCanonicalSignature, SIGNATURE_LENGTH } from "../../../protocol/signature.ts";
import type { Case } from "../case.ts";
import { check } from "../finding.ts";
import { OWN } from "../trial.ts";

/** A device that leaves s as it comes passes so many of each kind by one chance in 4,096. */
const ASKED = 12;
/** Version, status and record id stand before the signature of a message 3. */
const CONFIRMATION_SIGNATURE = 34;

export const signatureCases: readonly Case[] = [
  {
    name: "signs-low-s",
    rules: ["D2"],
    title: "signs with low s, every time",
    async run(trial) {
      await trial.start({ coins: Array.from({ length: ASKED }, () => 10n) });
      const party = await trial.party("party");
      for (let i = 0; i < ASKED; i++) {
        const { record } = await trial.pay(party, 10n);
        checkLow(record.signature, "a record");
        const paid = await trial.payment(party, 1n);
        checkLow(paid.request.signature, "message 1");
        checkLow((await trial.takes(paid, 1n)).signature, "message 3");
      }
    },
  },
  {
    name: "high-s-from-devices",
    rules: ["D2"],
    title: "takes no message of another device with a high s",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const party = await trial.party("party");
      const ask = await party.ask(30n);
      const raised = raise(ask.request.bytes, -SIGNATURE_LENGTH);
      await trial.refuses(["bad-signature"], () => trial.subject.pay(raised));
      const { id } = await trial.pay(party, 30n);
      const message = raise(await party.confirm(id), CONFIRMATION_SIGNATURE);
      decodeConfirmation(message);
      await trial.refuses(["bad-signature"], () => trial.subject.confirm(message));
      const paid = await trial.payment(party, 40n);
      const signature = raise(paid.record.signature, 0);
      const record = decodeRecord(encodeRecord({ ...paid.record, signature }));
      const bundle = { ...paid.bundle, records: [record] };
      const sealed = await party.seal(paid.request, bundle);
      await trial.turnsDown({ ...paid, message: sealed }, ["bad-signature"]);
    },
  },
  {
    name: "high-s-from-banks",
    rules: ["D2"],
    title: "takes nothing of a bank or the authority with a high s",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const receipt = await consortium.coin(trial.owner, OWN, 50n);
      const receipts = [{ bytes: raise(receipt.bytes, -SIGNATURE_LENGTH) }];
      await trial.refuses(["false-receipt"], () => subject.refresh({ receipts }));
      const renewed = await consortium.certify(trial.certificate.deviceKey, OWN);
      const certificate = { bytes: raise(renewed.bytes, -SIGNATURE_LENGTH) };
      await trial.refuses(["bad-signature"], () => subject.refresh({ certificate }));
      const payer = await trial.party("payer");
      const { kind, bytes } = await consortium.revocations(2, [payer.owner]);
      const lists = [{ kind, bytes: raise(bytes, -SIGNATURE_LENGTH) }];
      await trial.outcome(() => subject.refresh({ lists }));
      await trial.takes(await trial.payment(payer, 30n), 30n);
    },
  },
];

function checkLow(signature: Uint8Array, where: string): void {
  const expected = `in ${where}, r and s are in 1 … n − 1, and s is at most n/2`;
  check(isCanonicalSignature(signature), expected);
}

/** The same bytes with n − s for s in the signature that starts at `at`, counted from the end if it is negative. */
function raise(bytes: Uint8Array, at: number): Uint8Array {
  const { Fn } = p256.Point;
  const start = (at < 0 ? bytes.length + at : at) + SIGNATURE_LENGTH / 2;
  const s = Fn.fromBytes(bytes.slice(start, start + SIGNATURE_LENGTH / 2));
  return concat(
    bytes.subarray(0, start),
    Fn.toBytes(Fn.neg(s)),
    bytes.subarray(start + SIGNATURE_LENGTH / 2),
  );
}
