/** Every format: where its vectors are, how it is encoded and decoded, and any structure of it. */
import fc from "fast-check";
import { decodeAcknowledgement, encodeAcknowledgement } from "../../../protocol/acknowledgement.ts";
import { decodeAlarm, encodeAlarm } from "../../../protocol/alarm.ts";
import { decodeDeal } from "../../../protocol/audit/deal.ts";
import { decodeItem, encodeItem } from "../../../protocol/audit/disclosure.ts";
import {
  decodePartialOpening,
  encodePartialOpening,
} from "../../../protocol/audit/partial-opening.ts";
import { decodePlan, encodePlan } from "../../../protocol/audit/plan.ts";
import { decodePledge } from "../../../protocol/audit/pledge.ts";
import { decodeTranscript, encodeTranscript } from "../../../protocol/audit/transcript.ts";
import { decodeVerdict } from "../../../protocol/audit/verdict.ts";
import { decodeBatch, encodeBatch } from "../../../protocol/batch.ts";
import { decodeBundle, encodeBundle } from "../../../protocol/bundle.ts";
import { decodeCertificate } from "../../../protocol/certificate.ts";
import { decodeConfirmation } from "../../../protocol/confirmation.ts";
import { decodeDeposit, encodeDeposit } from "../../../protocol/deposit.ts";
import { decodeDeviceReply, encodeDeviceReply } from "../../../protocol/device-reply.ts";
import { decodeDeviceRequest } from "../../../protocol/device-request.ts";
import { decodeEmergencyProfile } from "../../../protocol/emergency-profile.ts";
import { decodeEnrolment, encodeEnrolment } from "../../../protocol/enrolment.ts";
import { decodeEnvelope, encodeEnvelope } from "../../../protocol/envelope.ts";
import { decodeRevocationList, decodeTrustList } from "../../../protocol/lists.ts";
import { decodePaymentOrder } from "../../../protocol/payment-order.ts";
import { decodeReceipt } from "../../../protocol/receipt.ts";
import { decodeRecord, encodeRecord } from "../../../protocol/record.ts";
import { decodeRequest } from "../../../protocol/request.ts";
import { decodeSecondFactorGrant } from "../../../protocol/second-factor-grant.ts";
import { decodeShowing } from "../../../protocol/showing.ts";
import { decodeStatement, encodeStatement } from "../../../protocol/statement.ts";
import {
  alarm,
  batch,
  ceremonyPlan,
  certificate,
  confirmationFields,
  deal,
  deposit,
  disclosureItem,
  emergencyProfile,
  enrolment,
  envelope,
  partialOpening,
  pledge,
  receipt,
  record,
  requestFields,
  revocationList,
  trustList,
  verdict,
} from "./arbitraries.ts";
import {
  encodeCertificate,
  encodeConfirmation,
  encodeDeal,
  encodeDeviceRequest,
  encodeEmergencyProfile,
  encodePaymentOrder,
  encodePledge,
  encodeReceipt,
  encodeRequest,
  encodeRevocationList,
  encodeSecondFactorGrant,
  encodeShowing,
  encodeTrustList,
  encodeVerdict,
} from "./encoders.ts";
import {
  acknowledgement,
  deviceReply,
  deviceRequest,
  paymentOrder,
  secondFactorGrant,
  showing,
  signedCertificate,
  signedRecord,
  statement,
} from "./gateway-arbitraries.ts";
import { goodBytes, networkId } from "./vectors.ts";

export type Format = {
  readonly name: string;
  /** File of its vectors, and the path to them inside. */
  readonly vectors: readonly [file: string, ...path: string[]];
  readonly decode: (bytes: Uint8Array) => unknown;
  /** Bytes of the fields. A structure with a signature keeps the one it has. */
  readonly encode: (value: never) => Uint8Array | Promise<Uint8Array>;
  readonly any: fc.Arbitrary<unknown>;
};

const decodeNetworkBundle = (bytes: Uint8Array) => decodeBundle(networkId, bytes);

export const formats: readonly Format[] = [
  format("record", ["records", "records"], decodeRecord, encodeRecord, record),
  format("deposit", ["records", "deposits"], decodeDeposit, encodeDeposit, deposit),
  format("enrolment", ["records", "enrolments"], decodeEnrolment, encodeEnrolment, enrolment),
  format("batch", ["batches"], decodeBatch, encodeBatch, batch),
  format("certificate", ["certificates"], decodeCertificate, encodeCertificate, certificate),
  format("receipt", ["receipts"], decodeReceipt, encodeReceipt, receipt),
  format(
    "revocation list",
    ["lists", "revocations"],
    decodeRevocationList,
    encodeRevocationList,
    revocationList,
  ),
  format("trust list", ["lists", "trust"], decodeTrustList, encodeTrustList, trustList),
  format(
    "emergency profile",
    ["lists", "emergency"],
    decodeEmergencyProfile,
    encodeEmergencyProfile,
    emergencyProfile,
  ),
  format(
    "bundle",
    ["bundles"],
    decodeNetworkBundle,
    encodeBundle,
    // A bundle hangs together: what any one is made of is for the device's tests.
    fc.constantFrom(...goodBytes("bundles").map(decodeNetworkBundle)),
  ),
  format(
    "request",
    ["exchange", "requests"],
    decodeRequest,
    encodeRequest,
    fc.tuple(requestFields, signedCertificate).map(([fields, own]) => ({
      ...fields,
      certificate: own,
    })),
  ),
  format(
    "confirmation",
    ["exchange", "confirmations"],
    decodeConfirmation,
    encodeConfirmation,
    fc.tuple(confirmationFields, signedRecord).map(([fields, returned]) => ({
      ...fields,
      returned: fields.status === "returned" ? returned : undefined,
    })),
  ),
  format(
    "device request",
    ["gateway", "requests"],
    decodeDeviceRequest,
    encodeDeviceRequest,
    deviceRequest,
  ),
  format("device reply", ["gateway", "replies"], decodeDeviceReply, encodeDeviceReply, deviceReply),
  format(
    "acknowledgement",
    ["gateway", "acknowledgements"],
    decodeAcknowledgement,
    encodeAcknowledgement,
    acknowledgement,
  ),
  format("order", ["orders"], decodePaymentOrder, encodePaymentOrder, paymentOrder),
  format("statement", ["gateway", "statements"], decodeStatement, encodeStatement, statement),
  format(
    "second-factor grant",
    ["second-factors", "grants"],
    decodeSecondFactorGrant,
    encodeSecondFactorGrant,
    secondFactorGrant,
  ),
  format("showing", ["showings"], decodeShowing, encodeShowing, showing),
  format("alarm", ["alarms", "alarms"], decodeAlarm, encodeAlarm, alarm),
  format("envelope", ["envelopes"], decodeEnvelope, encodeEnvelope, envelope),
  format("ceremony plan", ["ceremonies", "plans"], decodePlan, encodePlan, ceremonyPlan),
  format("pledge", ["ceremonies", "pledges"], decodePledge, encodePledge, pledge),
  format("disclosure item", ["ceremonies", "items"], decodeItem, encodeItem, disclosureItem),
  format("deal", ["ceremonies", "deals"], decodeDeal, encodeDeal, deal),
  format("verdict", ["ceremonies", "verdicts"], decodeVerdict, encodeVerdict, verdict),
  format(
    "transcript",
    ["ceremonies", "transcripts"],
    decodeTranscript,
    encodeTranscript,
    // What hangs together in one is for its own tests.
    fc.constantFrom(...goodBytes("ceremonies", "transcripts").map(decodeTranscript)),
  ),
  format(
    "partial opening",
    ["ceremonies", "openings"],
    decodePartialOpening,
    encodePartialOpening,
    partialOpening,
  ),
];

/** What an encoder takes is what a decoder gives, and more. */
function format<Fields, Decoded extends Fields>(
  name: string,
  vectors: Format["vectors"],
  decode: (bytes: Uint8Array) => Decoded,
  encode: (value: Fields) => Uint8Array | Promise<Uint8Array>,
  any: fc.Arbitrary<Fields>,
): Format {
  return { name, vectors, decode, encode, any };
}
