/**
 * The bank's word on a device's second factor: from which amount on its purse asks for a code, and the secret that
 * codes are made with, sealed to the one who is to keep it. That is the device itself, whose purse asks, or another
 * device of the customer's, which shows them. A higher version replaces a lower one; `from` 0 takes it off.
 *
 *     member u16 | version u32 | issued u64 | device 33 | keeper 33 | from u64
 *     | enc 65 | ciphertext 48, unless from is 0
 *     | signature 64 by the issuer key over message("second-factor-grant", all before)
 *
 * The secret is sealed by HPKE to a key that the keeper made for this one answer, with info =
 * message("second-factor-grant", what stands before enc): a grant that is shown again opens for nobody.
 */
import { Reader, Writer } from "./bytes.ts";
import {
  ENC_LENGTH,
  makeSealingKey,
  open,
  seal,
  type Sealed,
  type SealingKey,
  TAG_LENGTH,
} from "./hpke.ts";
import { KEY_LENGTH, readKey } from "./key.ts";
import { message } from "./message.ts";
import type { Amount } from "./money.ts";
import type { MemberId } from "./output.ts";
import type { Random } from "./random.ts";
import { Refusal } from "./refusal.ts";
import { SECRET_LENGTH } from "./second-factor-code.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";

export type SecondFactorTerms = {
  readonly member: MemberId;
  /** Rises with each word of the bank's on this device, from 1 on. */
  readonly version: number;
  /** Milliseconds. */
  readonly issued: number;
  /** The key of the device whose payments are confirmed. */
  readonly device: Uint8Array;
  /** The key of the device that keeps the secret: the same, or the one that shows codes. */
  readonly keeper: Uint8Array;
  /** Payments of at least this much need a code; 0 if none does any more. */
  readonly from: Amount;
};

export type SecondFactorGrant = SecondFactorTerms & {
  /** The secret; absent where `from` is 0. */
  readonly sealed?: Sealed | undefined;
};

/** A grant as it travels. Made by `readSecondFactorGrant` and `signSecondFactorGrant` alone. */
export type SignedSecondFactorGrant = SecondFactorGrant & {
  readonly signature: Uint8Array;
  /** The whole grant, and its part that is signed. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

const NO_AAD = new Uint8Array();
const CIPHERTEXT_LENGTH = SECRET_LENGTH + TAG_LENGTH;
const GRANT_LENGTH = 265;

/** @param reader the key that the keeper made for the answer. @param secret 32 bytes. */
export async function sealSecret(
  networkId: Uint8Array,
  terms: SecondFactorTerms,
  secret: Uint8Array,
  reader: Uint8Array,
  random: Random,
): Promise<Sealed> {
  return seal(reader, secret, infoOf(networkId, terms), NO_AAD, makeSealingKey(random));
}

/** The secret, for the keeper. @throws Refusal `not-for-us` for a grant that takes it off, or answers another. */
export async function openSecret(
  networkId: Uint8Array,
  grant: SecondFactorGrant,
  key: SealingKey,
): Promise<Uint8Array> {
  if (grant.sealed === undefined) throw new Refusal("not-for-us", "the grant has no secret");
  return open(key, grant.sealed, infoOf(networkId, grant), NO_AAD);
}

/** Signs with the issuer key. @throws Refusal if the fields break the format. */
export async function signSecondFactorGrant(
  networkId: Uint8Array,
  grant: SecondFactorGrant,
  issuer: Signer,
): Promise<SignedSecondFactorGrant> {
  const writer = new Writer(GRANT_LENGTH).put(encodeTerms(grant));
  if (grant.sealed !== undefined) {
    const { enc, ciphertext } = grant.sealed;
    writer.fixed(enc, ENC_LENGTH).fixed(ciphertext, CIPHERTEXT_LENGTH);
  }
  const signature = await issuer.sign(message("second-factor-grant", networkId, writer.done()));
  return decodeSecondFactorGrant(writer.fixed(signature, SIGNATURE_LENGTH).done());
}

/** Whether the member's issuer key signed it. @throws Refusal `bad-signature`. */
export function checkSecondFactorGrantSignature(
  networkId: Uint8Array,
  grant: SignedSecondFactorGrant,
  issuer: Uint8Array,
  verifier: Verifier,
): void {
  const signed = message("second-factor-grant", networkId, grant.body);
  if (!verifier.verify(issuer, signed, grant.signature)) {
    throw new Refusal("bad-signature", `the grant is not signed by member ${grant.member}`);
  }
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeSecondFactorGrant(bytes: Uint8Array): SignedSecondFactorGrant {
  const reader = new Reader(bytes);
  const grant = readSecondFactorGrant(reader);
  reader.end("second-factor grant");
  return grant;
}

/** Reads a grant that others follow, as in an answer. */
export function readSecondFactorGrant(reader: Reader): SignedSecondFactorGrant {
  const start = reader.offset;
  const member = reader.u16("member");
  const version = reader.u32("version");
  if (version === 0) throw reader.refuse("versions begin with 1", "version", 4);
  const issued = reader.safe("issued");
  const device = readKey(reader, "device");
  const keeper = readKey(reader, "keeper");
  const from = reader.u64("from");
  const sealed = from === 0n ? undefined : readSealed(reader);
  const body = reader.since(start);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  const bytes = reader.since(start);
  return { member, version, issued, device, keeper, from, sealed, signature, bytes, body };
}

function readSealed(reader: Reader): Sealed {
  return {
    enc: reader.take(ENC_LENGTH, "enc"),
    ciphertext: reader.take(CIPHERTEXT_LENGTH, "ciphertext"),
  };
}

function infoOf(networkId: Uint8Array, terms: SecondFactorTerms): Uint8Array {
  return message("second-factor-grant", networkId, encodeTerms(terms));
}

function encodeTerms({ member, version, issued, device, keeper, from }: SecondFactorTerms) {
  return new Writer(GRANT_LENGTH)
    .u16(member)
    .u32(version)
    .safe(issued)
    .fixed(device, KEY_LENGTH)
    .fixed(keeper, KEY_LENGTH)
    .u64(from)
    .done();
}
