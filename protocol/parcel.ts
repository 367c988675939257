/**
 * What couriers carry: a device's request, sealed to the member it is for, and the answer, sealed to a key that
 * travelled inside. Who carries them learns which member is meant, and nothing else: not who asks, not what,
 * not how much, and of lengths only the power of two above.
 *
 *     parcel   version u8 | member u16 | enc 65 | ciphertext by HPKE to the member's intake key
 *              of answer key 33 | length u32 + device request | zeros
 *              info: message("intake", member u16); aad: the three bytes before enc
 *     answer   parcel id 32 | enc 65 | ciphertext by HPKE to the answer key
 *              of length u32 + device reply | zeros
 *              info: message("parcel-answer", parcel id)
 *     state    u8: 0 kept, 1 answered | answer, if answered
 *
 * Zeros fill what is sealed up to a power of two, from 1,024 to 65,536 bytes. A parcel's id is
 * digest("parcel", the parcel). A state is what a gateway says to whoever hands a parcel over.
 */
import { concat, type Hex, isZero, Reader, toHex, Writer } from "./bytes.ts";
import { decodeDeviceRequest, type SignedDeviceRequest } from "./device-request.ts";
import { ENC_LENGTH, makeSealingKey, open, seal, type SealingKey, TAG_LENGTH } from "./hpke.ts";
import { KEY_LENGTH, readKeyOnCurve } from "./key.ts";
import { limits } from "./limits.ts";
import { digest, message } from "./message.ts";
import type { MemberId } from "./output.ts";
import type { Random } from "./random.ts";
import { Refusal } from "./refusal.ts";
import { FORMAT_VERSION, readVersion } from "./version.ts";

/** What anyone sees of a parcel. */
export type Parcel = {
  /** Whose intake key opens it. */
  readonly member: MemberId;
  readonly bytes: Uint8Array;
};

/** What the member sees. */
export type OpenedParcel = {
  readonly request: SignedDeviceRequest;
  /** The answer is sealed to it: 33 bytes. */
  readonly answerKey: Uint8Array;
};

/** What anyone sees of an answer. */
export type ParcelAnswer = { readonly id: Hex; readonly bytes: Uint8Array };

/** What a gateway has of a parcel: it keeps it until the member has answered, or it has the answer. */
export type ParcelState =
  | { readonly state: "kept" }
  | { readonly state: "answered"; readonly answer: ParcelAnswer };

const HEAD_LENGTH = 3;
const ID_LENGTH = 32;
const SEALED_MORE = ENC_LENGTH + TAG_LENGTH;
const NO_AAD = new Uint8Array();
const parcelStates = ["kept", "answered"] as const;

export function parcelId(networkId: Uint8Array, bytes: Uint8Array): Hex {
  return toHex(digest("parcel", networkId, bytes));
}

/**
 * @param intakeKey the member's: 33 bytes. @param answerKey of this parcel alone.
 * @throws Refusal `too-large` for a request that no parcel holds.
 */
export async function sealParcel(
  networkId: Uint8Array,
  request: SignedDeviceRequest,
  intakeKey: Uint8Array,
  answerKey: Uint8Array,
  random: Random,
): Promise<Parcel> {
  const { member } = request;
  const head = new Writer(HEAD_LENGTH).u8(FORMAT_VERSION).u16(member).done();
  const content = padded(new Writer().fixed(answerKey, KEY_LENGTH).wide(request.bytes));
  const info = intakeInfo(networkId, member);
  const { enc, ciphertext } = await seal(intakeKey, content, info, head, makeSealingKey(random));
  return { member, bytes: concat(head, enc, ciphertext) };
}

/** What a courier checks. @throws Refusal `unsupported-version`, `too-large`, `malformed` naming field and offset. */
export function decodeParcel(bytes: Uint8Array): Parcel {
  const reader = new Reader(bytes);
  readVersion(reader, "parcel");
  const member = reader.u16("member");
  checkSealedLength(reader, "parcel");
  return { member, bytes };
}

/** @throws Refusal `not-for-us` unless it was sealed to this key for this member; as the decoders otherwise. */
export async function openParcel(
  networkId: Uint8Array,
  intake: SealingKey,
  { member, bytes }: Parcel,
): Promise<OpenedParcel> {
  const info = intakeInfo(networkId, member);
  const sealed = bytes.subarray(HEAD_LENGTH);
  const reader = new Reader(await unseal(intake, sealed, info, bytes.subarray(0, HEAD_LENGTH)));
  const answerKey = readKeyOnCurve(reader, "answerKey");
  const request = decodeDeviceRequest(reader.wide(limits.parcelBytesMax, "request"));
  checkPadding(reader, "parcel");
  if (request.member !== member) {
    throw new Refusal("not-for-us", `the request is for member ${request.member}`);
  }
  return { request, answerKey };
}

/** @param reply encoded. @throws Refusal `too-large`. */
export async function sealAnswer(
  networkId: Uint8Array,
  parcel: Parcel,
  { answerKey }: OpenedParcel,
  reply: Uint8Array,
  random: Random,
): Promise<ParcelAnswer> {
  const id = digest("parcel", networkId, parcel.bytes);
  const info = message("parcel-answer", networkId, id);
  const content = padded(new Writer().wide(reply));
  const { enc, ciphertext } = await seal(answerKey, content, info, NO_AAD, makeSealingKey(random));
  return { id: toHex(id), bytes: concat(id, enc, ciphertext) };
}

/** @throws Refusal `too-large`, `malformed` naming field and offset. */
export function decodeAnswer(bytes: Uint8Array): ParcelAnswer {
  const reader = new Reader(bytes);
  const id = toHex(reader.take(ID_LENGTH, "parcel"));
  checkSealedLength(reader, "answer");
  return { id, bytes };
}

/** The device reply, still encoded. @throws Refusal `not-for-us` if it was changed, or is to another parcel. */
export async function openAnswer(
  networkId: Uint8Array,
  answerKey: SealingKey,
  { bytes }: ParcelAnswer,
): Promise<Uint8Array> {
  const id = bytes.subarray(0, ID_LENGTH);
  const info = message("parcel-answer", networkId, id);
  const reader = new Reader(await unseal(answerKey, bytes.subarray(ID_LENGTH), info, NO_AAD));
  const reply = reader.wide(limits.parcelBytesMax, "reply");
  checkPadding(reader, "answer");
  return reply;
}

export function encodeParcelState(state: ParcelState): Uint8Array {
  const writer = new Writer().u8(parcelStates.indexOf(state.state));
  if (state.state === "answered") writer.put(state.answer.bytes);
  return writer.done();
}

/** @throws Refusal `too-large`, `malformed` naming field and offset. */
export function decodeParcelState(bytes: Uint8Array): ParcelState {
  const reader = new Reader(bytes);
  const state = parcelStates[reader.count(1, 0, parcelStates.length - 1, "state")]!;
  const rest = reader.take(reader.remaining, "answer");
  if (state === "answered") return { state, answer: decodeAnswer(rest) };
  if (rest.length > 0)
    throw reader.refuse("a parcel that is kept has an answer", "answer", rest.length);
  return { state };
}

function unseal(key: SealingKey, sealed: Uint8Array, info: Uint8Array, aad: Uint8Array) {
  const [enc, ciphertext] = [sealed.subarray(0, ENC_LENGTH), sealed.subarray(ENC_LENGTH)];
  return open(key, { enc, ciphertext }, info, aad);
}

/** Zeros up to the power of two above. */
function padded(writer: Writer): Uint8Array {
  const content = writer.done();
  const padding = new Uint8Array(sealedLength(content.length) - content.length);
  return concat(content, padding);
}

/** What may be sealed has one of a few lengths: lengths tell little. @throws Refusal `too-large`. */
function sealedLength(length: number): number {
  let fitting: number = limits.parcelBytesMin;
  while (fitting < length) fitting *= 2;
  if (fitting <= limits.parcelBytesMax) return fitting;
  throw new Refusal("too-large", `${length} bytes, a parcel holds ${limits.parcelBytesMax}`);
}

function checkSealedLength(reader: Reader, structure: string): void {
  const length = reader.remaining - SEALED_MORE;
  if (length > limits.parcelBytesMax) {
    throw new Refusal("too-large", `${length} bytes, a parcel holds ${limits.parcelBytesMax}`);
  }
  if (length < limits.parcelBytesMin || sealedLength(length) !== length) {
    throw reader.refuse(`no ${structure} seals ${length} bytes`, structure);
  }
}

function checkPadding(reader: Reader, structure: string): void {
  const used = reader.offset;
  const padding = reader.take(reader.remaining, "padding");
  if (!isZero(padding) || sealedLength(used) !== reader.bytes.length) {
    throw reader.refuse(
      `the ${structure} is padded with other than it must be`,
      "padding",
      padding.length,
    );
  }
}

function intakeInfo(networkId: Uint8Array, member: MemberId): Uint8Array {
  return message("intake", networkId, new Writer(2).u16(member).done());
}
