/**
 * The certificate: a device key signed by its member, with the limits under which the device pays
 * offline. Devices show it to each other; the ledger never reads it. It lives at most receiptLife and
 * is renewed together with the receipts.
 *
 *     deviceKey 33 | member u16 | class u8 | serial 16 | notBefore u64 | notAfter u64 | maxPayment u64
 *     | maxBalance u64 | maxCount u16 | window u32 | maxDepth u8 | subject 32 | label length u8 + bytes
 *     | signature 64 by the issuer key over message("certificate", all before)
 */
import { Reader, Writer, utf8 } from "./bytes.ts";
import { KEY_LENGTH, readKeyOnCurve } from "./key.ts";
import { limits } from "./limits.ts";
import { message } from "./message.ts";
import type { Amount } from "./money.ts";
import type { MemberId } from "./output.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";

/**
 * What kind of device keeps the key, as the member that certified it knows: by it the member sets limits,
 * and other devices see how far a key can be trusted to be in one place only. Where the key is distinguishes
 * the first four; what the device is for, the last two.
 */
export const deviceClasses = {
  /** The secure element of a phone, which runs the purse itself. */
  element: 1,
  /** A purse in software, which says that it is software. */
  software: 2,
  /** A keystore that can only sign: its money is frozen until synced, so maxDepth is 0. */
  host: 3,
  /** A card or a hard wallet: a chip of its own runs the purse, with no phone and no clock. */
  chip: 4,
  /** A till: it takes much, and pays back alone. */
  terminal: 5,
  /** A shop's own purse: it takes much, and pays as others do. */
  merchant: 6,
} as const;

export type DeviceClass = keyof typeof deviceClasses;

export type Certificate = {
  readonly deviceKey: Uint8Array;
  /** Who certifies, and keeps the coins of this key. */
  readonly member: MemberId;
  readonly class: DeviceClass;
  /** 16 bytes, the member's own. */
  readonly serial: Uint8Array;
  /** Milliseconds: valid from notBefore on and before notAfter. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** A payment is below it; 0 is off. */
  readonly maxPayment: Amount;
  /** What the purse may hold at most; never 0. */
  readonly maxBalance: Amount;
  /** Payments in a window are below it; 0 is off. */
  readonly maxCount: number;
  /** Seconds of signed time. */
  readonly windowS: number;
  /** How deep a coin may be that the device spends offline; 0 freezes what it received until synced. */
  readonly maxDepth: number;
  /** Salted hash of the member's customer reference, 32 bytes. */
  readonly subject: Uint8Array;
  /** What the payer's screen shows: a shop's name; empty for persons. At most 32 bytes. */
  readonly label: string;
};

/** A certificate as it travels. Made by `readCertificate` and `signCertificate` alone. */
export type SignedCertificate = Certificate & {
  readonly signature: Uint8Array;
  /** The whole certificate, and its part that is signed. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

const SERIAL_LENGTH = 16;
const SUBJECT_LENGTH = 32;

const classesByNumber = new Map<number, DeviceClass>(
  Object.entries(deviceClasses).map(([name, number]) => [number, name as DeviceClass]),
);

/** Signs with the member's issuer key. @throws Refusal if the fields break the format. */
export async function signCertificate(
  networkId: Uint8Array,
  fields: Certificate,
  issuer: Signer,
): Promise<SignedCertificate> {
  const body = encodeBody(fields);
  const signature = await issuer.sign(message("certificate", networkId, body));
  return decodeCertificate(new Writer(256).put(body).fixed(signature, SIGNATURE_LENGTH).done());
}

/** Whether the issuer key signed it. @throws Refusal `bad-signature`. */
export function checkCertificateSignature(
  networkId: Uint8Array,
  certificate: SignedCertificate,
  issuer: Uint8Array,
  verifier: Verifier,
): void {
  const signed = message("certificate", networkId, certificate.body);
  if (!verifier.verify(issuer, signed, certificate.signature)) {
    throw new Refusal(
      "bad-signature",
      `the certificate is not signed by member ${certificate.member}`,
    );
  }
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeCertificate(bytes: Uint8Array): SignedCertificate {
  const reader = new Reader(bytes);
  const certificate = readCertificate(reader);
  reader.end("certificate");
  return certificate;
}

/** Reads a certificate that other things follow, as in a bundle or a request. */
export function readCertificate(reader: Reader): SignedCertificate {
  const start = reader.offset;
  const deviceKey = readKeyOnCurve(reader, "deviceKey");
  const member = reader.u16("member");
  const deviceClass = readDeviceClass(reader);
  const serial = reader.take(SERIAL_LENGTH, "serial");
  const notBefore = reader.safe("notBefore");
  const notAfter = reader.safe("notAfter");
  if (notAfter <= notBefore) {
    throw reader.refuse("notAfter is not after notBefore", "notAfter", 8);
  }
  const maxPayment = reader.u64("maxPayment");
  const maxBalance = reader.u64("maxBalance");
  if (maxBalance === 0n) throw reader.refuse("maxBalance is never 0", "maxBalance", 8);
  const maxCount = reader.u16("maxCount");
  const windowS = reader.u32("window");
  if (maxCount !== 0 && windowS === 0) {
    throw reader.refuse("a count needs a window to be counted in", "window", 4);
  }
  const maxDepth = reader.u8("maxDepth");
  if (deviceClass === "host" && maxDepth !== 0) {
    throw reader.refuse("a host's money is frozen: its maxDepth is 0", "maxDepth", 1);
  }
  const subject = reader.take(SUBJECT_LENGTH, "subject");
  const label = reader.text(limits.labelMax, "label");
  const body = reader.since(start);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  return {
    deviceKey,
    member,
    class: deviceClass,
    serial,
    notBefore,
    notAfter,
    maxPayment,
    maxBalance,
    maxCount,
    windowS,
    maxDepth,
    subject,
    label,
    signature,
    bytes: reader.since(start),
    body,
  };
}

function encodeBody(certificate: Certificate): Uint8Array {
  return new Writer(256)
    .fixed(certificate.deviceKey, KEY_LENGTH)
    .u16(certificate.member)
    .u8(deviceClasses[certificate.class])
    .fixed(certificate.serial, SERIAL_LENGTH)
    .safe(certificate.notBefore)
    .safe(certificate.notAfter)
    .u64(certificate.maxPayment)
    .u64(certificate.maxBalance)
    .u16(certificate.maxCount)
    .u32(certificate.windowS)
    .u8(certificate.maxDepth)
    .fixed(certificate.subject, SUBJECT_LENGTH)
    .short(utf8.encode(certificate.label))
    .done();
}

export function readDeviceClass(reader: Reader): DeviceClass {
  const number = reader.u8("class");
  const deviceClass = classesByNumber.get(number);
  if (deviceClass === undefined) throw reader.refuse(`class ${number} is unknown`, "class", 1);
  return deviceClass;
}
