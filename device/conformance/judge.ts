/** The kit's own judgement of what an implementation sends: as its counterpart would judge it, from the formats alone. */
import { equalBytes, type Hex, toHex } from "../../protocol/bytes.ts";
import {
  checkConfirmationSignature,
  type ConfirmationStatus,
  decodeConfirmation,
  type SignedConfirmation,
} from "../../protocol/confirmation.ts";
import type { SignedCertificate } from "../../protocol/certificate.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import { lock, type Outpoint, type Output } from "../../protocol/output.ts";
import type { Payment } from "../../protocol/payment.ts";
import {
  checkRecordSignature,
  outpointsOf,
  recordId,
  type SignedRecord,
} from "../../protocol/record.ts";
import {
  checkRequestSignature,
  decodeRequest,
  requestNonce,
  type SignedRequest,
} from "../../protocol/request.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { check, inOrder } from "./finding.ts";
import type { Ask, Party } from "./party.ts";

/** Who is judged, and with what. */
export type Bench = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  /** The implementation's present certificate. */
  readonly certificate: SignedCertificate;
};

export function judgeRequest(
  bench: Bench,
  message: Uint8Array,
  amount: Amount,
  reference: string,
): Promise<SignedRequest> {
  return inOrder("message 1", () => {
    const request = decodeRequest(message);
    checkRequestSignature(bench.networkId, request, bench.verifier);
    const own = equalBytes(request.certificate.bytes, bench.certificate.bytes);
    check(own, "message 1 shows the device's present certificate");
    check(request.amount === amount, `message 1 asks for ${amount}, not ${request.amount}`);
    check(request.reference === reference, `message 1 has the reference "${reference}"`);
    return request;
  });
}

/** A message 2 that the implementation has made. */
export type Made = {
  readonly message: Uint8Array;
  readonly payment: Payment;
  /** The record that pays, and its id. */
  readonly record: SignedRecord;
  readonly id: Hex;
  /** What comes back to the implementation. */
  readonly change: Amount;
};

/** Whether a message 2 pays what `ask` asks for, to the last unit, out of coins that it shows. */
export function judgePayment(
  bench: Bench,
  payee: Party,
  ask: Ask,
  message: Uint8Array,
): Promise<Made> {
  return inOrder("message 2", async () => {
    const { networkId, certificate } = bench;
    const payment = await payee.open(ask, message);
    const { records, certificates } = payment.bundle;
    const record = records.at(-1)!;
    const signer = equalBytes(record.signer, certificate.deviceKey);
    check(signer, "the record that pays is signed by the device's own key");
    const shown = certificates.find(({ deviceKey }) => equalBytes(deviceKey, record.signer))!;
    check(equalBytes(shown.bytes, certificate.bytes), "it shows the device's present certificate");
    for (const each of records) checkRecordSignature(networkId, each, bench.verifier);
    const nonce = requestNonce(networkId, ask.request);
    check(equalBytes(record.nonce, nonce), "its nonce is the first half of the request's digest");
    const change = judgeOutputs(bench, payee, record, ask.request.amount);
    judgeSums(networkId, payment);
    return { message, payment, record, id: recordId(networkId, record.body), change };
  });
}

/** Whether a message 3 answers a record with a status. */
export function judgeConfirmation(
  bench: Bench,
  message: Uint8Array,
  id: Hex,
  status: ConfirmationStatus,
): Promise<SignedConfirmation> {
  return inOrder("message 3", () => {
    const confirmation = decodeConfirmation(message);
    const { deviceKey } = bench.certificate;
    checkConfirmationSignature(bench.networkId, confirmation, deviceKey, bench.verifier);
    check(confirmation.id === id, "message 3 names the record that paid");
    const said = confirmation.status;
    check(said === status, `message 3 says ${status}, not ${said}`);
    return confirmation;
  });
}

/** @returns the change. */
function judgeOutputs(bench: Bench, payee: Party, record: SignedRecord, amount: Amount): Amount {
  const own = ownerOf(bench.certificate.deviceKey);
  const isTo = (output: Output, owner: Hex, custodian: number) =>
    output.lock === lock.key && output.owner === owner && output.custodian === custodian;
  const paid = record.outputs.filter((each) => isTo(each, payee.owner, payee.member));
  const back = record.outputs.filter((each) => isTo(each, own, bench.certificate.member));
  const strangers = record.outputs.length - paid.length - back.length;
  check(strangers === 0, "its outputs go to the payee and back to the payer, and to nobody else");
  check(sumOf(paid) === amount, `it pays the payee ${amount}, not ${sumOf(paid)}`);
  return sumOf(back);
}

/** Whether each record of a bundle makes as much as it spends. */
function judgeSums(networkId: Uint8Array, { bundle }: Payment): void {
  const made = new Map<Outpoint, Output>();
  for (const { outpoint, output } of bundle.receipts) made.set(outpoint, output);
  for (const record of bundle.records) {
    const inputs = record.inputs.map((input) => made.get(input)!);
    const owner = ownerOf(record.signer);
    const isOwn = inputs.every((input) => input.owner === owner);
    check(isOwn, "each record spends what is its signer's");
    check(sumOf(inputs) === sumOf(record.outputs), "each record makes as much as it spends");
    const outpoints = outpointsOf(networkId, record);
    record.outputs.forEach((output, i) => made.set(outpoints[i]!, output));
  }
}

export function sumOf(outputs: readonly Output[]): Amount {
  return outputs.reduce((sum, { amount }) => sum + amount, 0n);
}

/** For messages that must be the same. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return toHex(one) === toHex(other);
}
