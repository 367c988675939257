/**
 * What is asked to be opened, and how a holder answers. The chain is told a hash alone, with a salt in it:
 * who has not been shown the item cannot find out whose it is by trying all there are.
 *
 *     item: salt 16 | deviceKey 33 | envelope length u16 + bytes
 *     subject = digest("subject", item)
 *     answer: enc 65 | ciphertext of a partial opening, by HPKE to the requester's key
 *
 * The answer's info is message("disclosure-answer", id u64 ‖ subject 32), its aad empty: what was answered to
 * one request opens as the answer to no other.
 */
import { fromHex, type Hex, Reader, toHex, Writer } from "../bytes.ts";
import { ENC_LENGTH, makeSealingKey, open, seal, type SealingKey, TAG_LENGTH } from "../hpke.ts";
import { KEY_LENGTH, readKeyOnCurve } from "../key.ts";
import { limits } from "../limits.ts";
import { digest, message } from "../message.ts";
import type { Random } from "../random.ts";
import {
  decodePartialOpening,
  encodePartialOpening,
  PARTIAL_OPENING_LENGTH,
  type PartialOpening,
} from "./partial-opening.ts";

const SALT_LENGTH = 16;
const SUBJECT_LENGTH = 32;

export type DisclosureItem = {
  readonly salt: Uint8Array;
  /** Under which key it was sealed: the device's, or that which signed a record with a memo. */
  readonly deviceKey: Uint8Array;
  /** At most 512 bytes. */
  readonly envelope: Uint8Array;
};

/** The request that an answer is to. */
export type AnsweredRequest = { readonly id: number; readonly subject: Hex };

/** @param random makes the salt. */
export function makeItem(
  deviceKey: Uint8Array,
  envelope: Uint8Array,
  random: Random,
): DisclosureItem {
  return { salt: random(SALT_LENGTH), deviceKey, envelope };
}

export function encodeItem({ salt, deviceKey, envelope }: DisclosureItem): Uint8Array {
  return new Writer(SALT_LENGTH + KEY_LENGTH + 2 + envelope.length)
    .fixed(salt, SALT_LENGTH)
    .fixed(deviceKey, KEY_LENGTH)
    .long(envelope)
    .done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeItem(bytes: Uint8Array): DisclosureItem {
  const reader = new Reader(bytes);
  const salt = reader.take(SALT_LENGTH, "salt");
  const deviceKey = readKeyOnCurve(reader, "deviceKey");
  const envelope = reader.long(limits.envelopeMax, "envelope");
  reader.end("item");
  return { salt, deviceKey, envelope };
}

/** By what the chain names what is to be opened. */
export function subjectOf(networkId: Uint8Array, item: DisclosureItem): Hex {
  return toHex(digest("subject", networkId, encodeItem(item)));
}

/** @param requesterKey as the request names it. */
export async function sealAnswer(
  networkId: Uint8Array,
  request: AnsweredRequest,
  requesterKey: Uint8Array,
  opening: PartialOpening,
  random: Random,
): Promise<Uint8Array> {
  const info = infoOf(networkId, request);
  const text = encodePartialOpening(opening);
  const sealed = await seal(requesterKey, text, info, NOTHING, makeSealingKey(random));
  return new Writer(ENC_LENGTH + text.length + TAG_LENGTH)
    .put(sealed.enc)
    .put(sealed.ciphertext)
    .done();
}

/** @throws Refusal `malformed`; `not-for-us` under another key, or as the answer to another request. */
export async function openAnswer(
  networkId: Uint8Array,
  request: AnsweredRequest,
  requester: SealingKey,
  answer: Uint8Array,
): Promise<PartialOpening> {
  const reader = new Reader(answer);
  const enc = reader.take(ENC_LENGTH, "enc");
  const ciphertext = reader.take(PARTIAL_OPENING_LENGTH + TAG_LENGTH, "ciphertext");
  reader.end("answer");
  const info = infoOf(networkId, request);
  return decodePartialOpening(await open(requester, { enc, ciphertext }, info, NOTHING));
}

const NOTHING = new Uint8Array();

function infoOf(networkId: Uint8Array, { id, subject }: AnsweredRequest): Uint8Array {
  const body = new Writer(8 + SUBJECT_LENGTH).safe(id).fixed(fromHex(subject), SUBJECT_LENGTH);
  return message("disclosure-answer", networkId, body.done());
}
