/**
 * The showing: what a payer or payee signs to show one payment of its own to somebody else, in that one's words,
 * so that whoever is shown it cannot show it on as the party. With it go the certificates of parties that have a
 * label, so that shops have names.
 *
 *     version u8 | deviceKey 33 | record id 32 | time u64 | words length u8 + 1 to 200 bytes
 *     | signature 64 by deviceKey over message("showing", all before)
 *     | certificates u8, at most 2 | certificate ×, ascending by key
 */
import { compareBytes, fromHex, type Hex, Reader, toHex, utf8, Writer } from "./bytes.ts";
import { readCertificate, type SignedCertificate } from "./certificate.ts";
import { KEY_LENGTH, readKeyOnCurve } from "./key.ts";
import { limits } from "./limits.ts";
import { message } from "./message.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";
import { FORMAT_VERSION, readVersion } from "./version.ts";

export type Showing = {
  /** Of the party that shows the payment. */
  readonly deviceKey: Uint8Array;
  /** The record's id. */
  readonly id: Hex;
  /** Milliseconds of the party's clock. */
  readonly time: number;
  /** Of whoever is shown it: who asks, what for, and something that was never said before. */
  readonly words: string;
  /** Of the payer, the payee or both. */
  readonly certificates: readonly SignedCertificate[];
};

/** A showing as it travels. Made by `decodeShowing` and `signShowing` alone. */
export type SignedShowing = Showing & {
  readonly signature: Uint8Array;
  /** The whole showing, and its part that is signed. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

const ID_LENGTH = 32;
/** The payer's and the payee's. */
const CERTIFICATES_MAX = 2;

/** Signs with the party's device key. @throws Refusal if the fields break the format. */
export async function signShowing(
  networkId: Uint8Array,
  { id, time, words, certificates }: Omit<Showing, "deviceKey">,
  party: Signer,
): Promise<SignedShowing> {
  const body = new Writer(256)
    .u8(FORMAT_VERSION)
    .fixed(party.publicKey, KEY_LENGTH)
    .fixed(fromHex(id), ID_LENGTH)
    .safe(time)
    .short(utf8.encode(words))
    .done();
  const signature = await party.sign(message("showing", networkId, body));
  const writer = new Writer(1024).put(body).fixed(signature, SIGNATURE_LENGTH);
  writer.u8(certificates.length);
  for (const { bytes } of certificates) writer.put(bytes);
  return decodeShowing(writer.done());
}

/** Whether the key in it signed it. @throws Refusal `bad-signature`. */
export function checkShowingSignature(
  networkId: Uint8Array,
  { deviceKey, body, signature }: SignedShowing,
  verifier: Verifier,
): void {
  if (!verifier.verify(deviceKey, message("showing", networkId, body), signature))
    throw new Refusal("bad-signature", "the payment is not shown by the key that is named");
}

/** @throws Refusal `unsupported-version`, or `malformed` naming field and offset. */
export function decodeShowing(bytes: Uint8Array): SignedShowing {
  const reader = new Reader(bytes);
  readVersion(reader, "showing");
  const deviceKey = readKeyOnCurve(reader, "deviceKey");
  const id = toHex(reader.take(ID_LENGTH, "id"));
  const time = reader.safe("time");
  const words = reader.text(limits.showingWordsMax, "words");
  if (words === "") throw reader.refuse("it is in nobody's words", "words", 1);
  const body = bytes.subarray(0, reader.offset);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  const certificates = readCertificates(reader);
  reader.end("showing");
  return { deviceKey, id, time, words, certificates, signature, bytes, body };
}

function readCertificates(reader: Reader): SignedCertificate[] {
  const count = reader.count(1, 0, CERTIFICATES_MAX, "certificates");
  const certificates: SignedCertificate[] = [];
  for (let i = 0; i < count; i++) {
    const start = reader.offset;
    const certificate = readCertificate(reader);
    const before = certificates.at(-1);
    if (before !== undefined && compareBytes(before.deviceKey, certificate.deviceKey) >= 0) {
      const back = reader.offset - start;
      throw reader.refuse("certificates are not ascending", `certificates[${i}]`, back);
    }
    certificates.push(certificate);
  }
  return certificates;
}
