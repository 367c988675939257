/**
 * The enrolment: the ledger's entry of a device key under a member, for ever, with the identity sealed
 * for the regulators. The ledger never opens the envelope.
 */
import { sha256 } from "#sha256";
import { concat, type Hex, Reader, toHex, Writer } from "./bytes.ts";
import { KEY_LENGTH, readKey } from "./key.ts";
import { limits } from "./limits.ts";
import { digest, message } from "./message.ts";
import type { MemberId } from "./output.ts";
import { isSigned, type OwnSignature } from "./own-signature.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";

export const ENROLMENT_KIND = 4;

export type Enrolment = {
  readonly kind: "enrolment";
  readonly deviceKey: Uint8Array;
  readonly member: MemberId;
  /** By the member's present issuer key. */
  readonly issuerSignature: Uint8Array;
  /** By the device key: no one enrols another's key. */
  readonly consent: Uint8Array;
  /** The identity, sealed; at most 512 bytes. */
  readonly envelope: Uint8Array;
};

/** An enrolment as it travels. Made by `decodeEnrolment` and `signEnrolment` alone. */
export type SignedEnrolment = Enrolment & { readonly bytes: Uint8Array };

/** What the device signs to be enrolled with `member`. */
export function consentMessage(networkId: Uint8Array, member: MemberId): Uint8Array {
  return message("consent", networkId, consentBody(member));
}

function consentBody(member: MemberId): Uint8Array {
  return new Writer(2).u16(member).done();
}

/** Signs as issuer what a device has consented to. */
export async function signEnrolment(
  networkId: Uint8Array,
  fields: Pick<Enrolment, "deviceKey" | "member" | "consent" | "envelope">,
  issuer: Signer,
): Promise<SignedEnrolment> {
  const issuerSignature = await issuer.sign(message("enrolment", networkId, bodyOf(fields)));
  return decodeEnrolment(encodeEnrolment({ kind: "enrolment", ...fields, issuerSignature }));
}

export function enrolmentId(networkId: Uint8Array, enrolment: Enrolment): Hex {
  return toHex(digest("enrolment", networkId, bodyOf(enrolment)));
}

/** Whether `issuer` signed it. The fold asks with the issuer key of the state at that leaf. */
export function isIssuedBy(
  networkId: Uint8Array,
  enrolment: Enrolment,
  issuer: Uint8Array,
  verifier: Verifier,
): boolean {
  return verifier.verify(
    issuer,
    message("enrolment", networkId, bodyOf(enrolment)),
    enrolment.issuerSignature,
  );
}

/** The device's signature; the issuer's is another's to check. */
export function consentOf({ member, deviceKey, consent }: Enrolment): OwnSignature {
  return { name: "consent", body: consentBody(member), by: deviceKey, signature: consent };
}

/** Why the consent does not hold. @param isKey whether the device key is one. */
export function forgedConsent(isKey: boolean): Refusal {
  return isKey
    ? new Refusal("bad-signature", "the device key does not consent to this member")
    : new Refusal("malformed", "the device key is not on the curve P-256");
}

/** Whether the device key is one and consents. @throws Refusal `malformed`, `bad-signature`. */
export function checkConsent(
  networkId: Uint8Array,
  enrolment: Enrolment,
  verifier: Verifier,
): void {
  if (isSigned(networkId, consentOf(enrolment), verifier)) return;
  throw forgedConsent(verifier.isKey(enrolment.deviceKey));
}

export function encodeEnrolment(enrolment: Enrolment): Uint8Array {
  return new Writer(256)
    .u8(ENROLMENT_KIND)
    .fixed(enrolment.deviceKey, KEY_LENGTH)
    .u16(enrolment.member)
    .fixed(enrolment.issuerSignature, SIGNATURE_LENGTH)
    .fixed(enrolment.consent, SIGNATURE_LENGTH)
    .long(enrolment.envelope)
    .done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeEnrolment(bytes: Uint8Array): SignedEnrolment {
  const reader = new Reader(bytes);
  const enrolment = readEnrolment(reader);
  reader.end("enrolment");
  return enrolment;
}

/** Reads an enrolment that other things follow, as in an answer. */
export function readEnrolment(reader: Reader): SignedEnrolment {
  const start = reader.offset;
  const kind = reader.u8("kind");
  if (kind !== ENROLMENT_KIND) throw reader.refuse(`kind ${kind} is no enrolment`, "kind", 1);
  const deviceKey = readKey(reader, "deviceKey");
  const member = reader.u16("member");
  const issuerSignature = reader.take(SIGNATURE_LENGTH, "issuerSignature");
  const consent = reader.take(SIGNATURE_LENGTH, "consent");
  const envelope = reader.long(limits.envelopeMax, "envelope");
  const bytes = reader.since(start);
  return { kind: "enrolment", deviceKey, member, issuerSignature, consent, envelope, bytes };
}

function bodyOf(enrolment: Pick<Enrolment, "deviceKey" | "member" | "envelope">): Uint8Array {
  const member = new Writer(2).u16(enrolment.member).done();
  return concat(enrolment.deviceKey, member, sha256(enrolment.envelope));
}
