/**
 * A payer whose element has been broken: it signs what it likes, puts what it likes into message 2, and
 * seals it as an honest one does.
 */
import { type Bundle, makeBundle } from "../../../protocol/bundle.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { CarriedList } from "../../../protocol/carried-lists.ts";
import type { SignedCertificate } from "../../../protocol/certificate.ts";
import { makeSealingKey } from "../../../protocol/hpke.ts";
import type { Outpoint, Output } from "../../../protocol/output.ts";
import type { NodeSigner } from "../../../protocol/p256-node.ts";
import { sealPayment } from "../../../protocol/payment.ts";
import type { SignedReceipt } from "../../../protocol/receipt.ts";
import {
  auditOf,
  type RecordBody,
  recordId,
  signRecord,
  type SignedRecord,
} from "../../../protocol/record.ts";
import { decodeRequest, requestNonce } from "../../../protocol/request.ts";
import { networkId, randomOf } from "./world.ts";

const random = randomOf("the forger");

export type Forgery = {
  readonly signer: NodeSigner;
  readonly inputs: readonly Outpoint[];
  readonly outputs: readonly Output[];
  readonly nonce?: Uint8Array;
};

/** A record that says what it is told to. */
export function forge(forgery: Forgery, changed: Partial<RecordBody> = {}): Promise<SignedRecord> {
  const { signer, outputs, nonce = random(16) } = forgery;
  const inputs = forgery.inputs.toSorted();
  const body = { kind: "spend" as const, inputs, outputs, counter: 1, time: 0, nonce };
  const audit = auditOf(new Uint8Array());
  return signRecord(networkId, { ...body, audit, ...changed }, signer);
}

/** The bundle of a payment, out of these parts. */
export function bundleOf(
  payment: SignedRecord,
  certificates: readonly SignedCertificate[],
  receipts: readonly SignedReceipt[],
  ancestors: readonly SignedRecord[] = [],
): Bundle {
  return makeBundle(payment, {
    record: (id) => ancestors.find(({ body }) => recordId(networkId, body) === id),
    certificate: (key) => certificates.find(({ deviceKey }) => toHex(deviceKey) === key),
    receipt: (outpoint) => receipts.find((receipt) => receipt.outpoint === outpoint),
  });
}

/** Message 2 with this bundle. */
export function seal(
  message1: Uint8Array,
  bundle: Bundle,
  lists: readonly CarriedList[] = [],
): Promise<Uint8Array> {
  const request = decodeRequest(message1);
  const payment = { bundle, versions: [], lists };
  return sealPayment(networkId, payment, request, makeSealingKey(random));
}

export function nonceOf(message1: Uint8Array): Uint8Array {
  return requestNonce(networkId, decodeRequest(message1));
}
