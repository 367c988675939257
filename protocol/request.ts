/**
 * Message 1 of a payment, the request: who is to be paid, how much, and the key that the payment is
 * sealed to. The payee's element signs it; the payer's record carries half of its digest as nonce, so
 * that the payer's signature covers the whole request.
 *
 *     version u8 | certificate | amount u64 | ephemeral 33 | count u8 × (member u16 | version u32)
 *     | reference length u8 + bytes | signature 64 by the device key over message("request", all before)
 */
import { Reader, utf8, Writer } from "./bytes.ts";
import { readCertificate, type SignedCertificate } from "./certificate.ts";
import { KEY_LENGTH, readKeyOnCurve } from "./key.ts";
import { limits } from "./limits.ts";
import { type ListVersion, readListVersions, writeListVersions } from "./list-version.ts";
import { digest, message } from "./message.ts";
import type { Amount } from "./money.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";
import { FORMAT_VERSION, readVersion } from "./version.ts";

export type Request = {
  /** The payee's. */
  readonly certificate: SignedCertificate;
  readonly amount: Amount;
  /** Compressed key of this request alone. */
  readonly ephemeral: Uint8Array;
  /** The lists the payee holds: the payer hands over newer ones. Ascending by member, at most 16. */
  readonly versions: readonly ListVersion[];
  /** An order number or a place, at most 64 bytes. */
  readonly reference: string;
};

/** A request as it travels. Made by `decodeRequest` and `signRequest` alone. */
export type SignedRequest = Request & {
  readonly signature: Uint8Array;
  /** The whole message, and its part that is signed. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

const NONCE_LENGTH = 16;

/** The name of a request: 32 bytes. */
export function requestDigest(networkId: Uint8Array, request: SignedRequest): Uint8Array {
  return digest("request", networkId, request.body);
}

/** The nonce of the record that pays it. */
export function requestNonce(networkId: Uint8Array, request: SignedRequest): Uint8Array {
  return requestDigest(networkId, request).subarray(0, NONCE_LENGTH);
}

/** Signs with the payee's device key. @throws Refusal if the fields break the format. */
export async function signRequest(
  networkId: Uint8Array,
  fields: Request,
  payee: Signer,
): Promise<SignedRequest> {
  const body = encodeBody(fields);
  const signature = await payee.sign(message("request", networkId, body));
  return decodeRequest(new Writer(512).put(body).fixed(signature, SIGNATURE_LENGTH).done());
}

/** Whether the key of its certificate signed it. @throws Refusal `bad-signature`. */
export function checkRequestSignature(
  networkId: Uint8Array,
  request: SignedRequest,
  verifier: Verifier,
): void {
  const signed = message("request", networkId, request.body);
  if (!verifier.verify(request.certificate.deviceKey, signed, request.signature)) {
    throw new Refusal("bad-signature", "the request is not signed by the payee");
  }
}

/** @throws Refusal `unsupported-version`, or `malformed` naming field and offset. */
export function decodeRequest(bytes: Uint8Array): SignedRequest {
  const reader = new Reader(bytes);
  readVersion(reader, "request");
  const certificate = readCertificate(reader);
  const amount = reader.u64("amount");
  if (amount === 0n) throw reader.refuse("the request asks for nothing", "amount", 8);
  const ephemeral = readKeyOnCurve(reader, "ephemeral");
  const versions = readListVersions(reader);
  const reference = reader.text(limits.referenceMax, "reference");
  const body = bytes.subarray(0, reader.offset);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  reader.end("request");
  return { certificate, amount, ephemeral, versions, reference, signature, bytes, body };
}

function encodeBody(request: Request): Uint8Array {
  const writer = new Writer(512)
    .u8(FORMAT_VERSION)
    .put(request.certificate.bytes)
    .u64(request.amount)
    .fixed(request.ephemeral, KEY_LENGTH);
  writeListVersions(writer, request.versions);
  return writer.short(utf8.encode(request.reference)).done();
}
