/** Every structure that is signed: under which name, over which bytes, by which key, and who checks it. */
import type { NamedKey } from "../../../device/conformance/seed.ts";
import {
  checkAcknowledgement,
  decodeAcknowledgement,
  encodeAcknowledgement,
} from "../../../protocol/acknowledgement.ts";
import { checkCertificateSignature, decodeCertificate } from "../../../protocol/certificate.ts";
import { checkConfirmationSignature, decodeConfirmation } from "../../../protocol/confirmation.ts";
import {
  checkDeviceRequestSignature,
  decodeDeviceRequest,
} from "../../../protocol/device-request.ts";
import {
  checkEmergencyProfileSignature,
  decodeEmergencyProfile,
} from "../../../protocol/emergency-profile.ts";
import {
  checkRevocationListSignature,
  checkTrustListSignature,
  decodeRevocationList,
  decodeTrustList,
} from "../../../protocol/lists.ts";
import type { MessageName } from "../../../protocol/message.ts";
import { checkPaymentOrder, decodePaymentOrder } from "../../../protocol/payment-order.ts";
import { checkReceiptSignature, decodeReceipt } from "../../../protocol/receipt.ts";
import { checkRecordSignature, decodeRecord, encodeRecord } from "../../../protocol/record.ts";
import { checkRequestSignature, decodeRequest } from "../../../protocol/request.ts";
import {
  checkSecondFactorGrantSignature,
  decodeSecondFactorGrant,
} from "../../../protocol/second-factor-grant.ts";
import { checkShowingSignature, decodeShowing } from "../../../protocol/showing.ts";
import type { Verifier } from "../../../protocol/signature.ts";
import { checkStatement, decodeStatement, encodeStatement } from "../../../protocol/statement.ts";
import { authority, issuers, payee, payer } from "../../../scripts/vectors/parties.ts";
import {
  encodeCertificate,
  encodeConfirmation,
  encodeDeviceRequest,
  encodeEmergencyProfile,
  encodePaymentOrder,
  encodeReceipt,
  encodeRequest,
  encodeRevocationList,
  encodeSecondFactorGrant,
  encodeShowing,
  encodeTrustList,
} from "./encoders.ts";

export type SignedStructure = {
  readonly name: MessageName;
  /** File of its vectors, and the path to them inside. */
  readonly vectors: readonly [file: string, ...path: string[]];
  /** Who signed the good vectors. */
  readonly signer: NamedKey;
  /** The bytes that are signed, without name and network. */
  readonly body: (bytes: Uint8Array) => Uint8Array;
  /** The same structure with another signature. */
  readonly resign: (bytes: Uint8Array, signature: Uint8Array) => Promise<Uint8Array>;
  /** @throws Refusal unless the signature holds on that network. */
  readonly check: (networkId: Uint8Array, bytes: Uint8Array, verifier: Verifier) => void;
};

type Decoded = { readonly signature: Uint8Array };

const bank = issuers[0];

export const signedStructures: readonly SignedStructure[] = [
  structure(
    "record",
    ["records", "records"],
    payer,
    decodeRecord,
    encodeRecord,
    (networkId, record, verifier) => checkRecordSignature(networkId, record, verifier),
  ),
  structure(
    "certificate",
    ["certificates"],
    bank,
    decodeCertificate,
    encodeCertificate,
    (networkId, certificate, verifier) =>
      checkCertificateSignature(networkId, certificate, bank.publicKey, verifier),
  ),
  structure(
    "receipt",
    ["receipts"],
    bank,
    decodeReceipt,
    encodeReceipt,
    (networkId, receipt, verifier) =>
      checkReceiptSignature(networkId, receipt, bank.publicKey, verifier),
  ),
  structure(
    "revocations",
    ["lists", "revocations"],
    bank,
    decodeRevocationList,
    encodeRevocationList,
    (networkId, list, verifier) =>
      checkRevocationListSignature(networkId, list, bank.publicKey, verifier),
  ),
  structure(
    "trust",
    ["lists", "trust"],
    authority,
    decodeTrustList,
    encodeTrustList,
    (networkId, list, verifier) =>
      checkTrustListSignature(networkId, list, authority.publicKey, verifier),
  ),
  structure(
    "emergency",
    ["lists", "emergency"],
    authority,
    decodeEmergencyProfile,
    encodeEmergencyProfile,
    (networkId, profile, verifier) =>
      checkEmergencyProfileSignature(networkId, profile, authority.publicKey, verifier),
  ),
  structure(
    "order",
    ["orders"],
    bank,
    decodePaymentOrder,
    encodePaymentOrder,
    (networkId, order, verifier) => checkPaymentOrder(networkId, order, bank.publicKey, verifier),
  ),
  structure(
    "request",
    ["exchange", "requests"],
    payee,
    decodeRequest,
    encodeRequest,
    (networkId, request, verifier) => checkRequestSignature(networkId, request, verifier),
  ),
  structure(
    "confirmation",
    ["exchange", "confirmations"],
    payee,
    decodeConfirmation,
    encodeConfirmation,
    (networkId, confirmation, verifier) =>
      checkConfirmationSignature(networkId, confirmation, payee.publicKey, verifier),
  ),
  structure(
    "request-gateway",
    ["gateway", "requests"],
    payer,
    decodeDeviceRequest,
    encodeDeviceRequest,
    (networkId, request, verifier) => checkDeviceRequestSignature(networkId, request, verifier),
  ),
  structure(
    "acknowledgement",
    ["gateway", "acknowledgements"],
    bank,
    decodeAcknowledgement,
    encodeAcknowledgement,
    (networkId, acknowledgement, verifier) =>
      checkAcknowledgement(networkId, acknowledgement, bank.publicKey, verifier),
  ),
  structure(
    "applied",
    ["gateway", "statements"],
    bank,
    decodeStatement,
    encodeStatement,
    (networkId, statement, verifier) =>
      checkStatement(networkId, statement, bank.publicKey, verifier),
  ),
  structure(
    "second-factor-grant",
    ["second-factors", "grants"],
    bank,
    decodeSecondFactorGrant,
    encodeSecondFactorGrant,
    (networkId, grant, verifier) =>
      checkSecondFactorGrantSignature(networkId, grant, bank.publicKey, verifier),
  ),
  structure(
    "showing",
    ["showings"],
    payer,
    decodeShowing,
    encodeShowing,
    (networkId, showing, verifier) => checkShowingSignature(networkId, showing, verifier),
  ),
];

function structure<Fields, Structure extends Decoded & Fields>(
  name: MessageName,
  vectors: SignedStructure["vectors"],
  signer: NamedKey,
  decode: (bytes: Uint8Array) => Structure,
  encode: (value: Fields) => Uint8Array | Promise<Uint8Array>,
  check: (networkId: Uint8Array, value: Structure, verifier: Verifier) => void,
): SignedStructure {
  return {
    name,
    vectors,
    signer,
    body(bytes) {
      const decoded: Structure & { readonly body?: Uint8Array } = decode(bytes);
      // What keeps no body has its signature at its end.
      return decoded.body ?? bytes.subarray(0, -decoded.signature.length);
    },
    async resign(bytes, signature) {
      return encode({ ...decode(bytes), signature });
    },
    check: (networkId, bytes, verifier) => check(networkId, decode(bytes), verifier),
  };
}
