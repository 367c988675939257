/**
 * The local alarm: tills of one shop tell each other, on a link of the shop's own, which records have taken which
 * coins. Each till numbers what it has taken from 1 on, its log. A datagram says how far its sender knows the logs,
 * or gives a stretch of one; both are sealed with the shop's key, so that strangers on the link can neither read nor
 * forge them. Datagrams may be lost, doubled, late: those who hear that another is behind give it what it lacks.
 *
 *     datagram  version u8 | nonce 12 | ciphertext by AES-256-GCM, its tag included
 *               aad: message("alarm", version u8)
 *     of a beat   kind u8: 1 | till 8 | count u8, at most 64, × (till 8 | number u32), ascending by till
 *     or a stretch  kind u8: 2 | till 8 | floor u32 | first u32 | count u8, from 1, × (record id 32 | inputs u8,
 *               1 to 16, × outpoint 33, ascending)
 *
 * A beat gives its sender and the number up to which it has each log without a gap. A stretch gives whose log it is,
 * the first number that is still kept of it, and the number of its own first record.
 */
import { concat, fromHex, type Hex, Reader, toHex, Writer } from "./bytes.ts";
import { limits } from "./limits.ts";
import { message } from "./message.ts";
import { type Outpoint, readOutpoint, writeOutpoint } from "./output.ts";
import type { Random } from "./random.ts";
import { Refusal } from "./refusal.ts";
import { FORMAT_VERSION, readVersion } from "./version.ts";

/** 8 random bytes that a till draws when it starts. */
export type TillId = Hex;

/** A record, and the coins it takes. */
export type Taking = { readonly id: Hex; readonly inputs: readonly Outpoint[] };

export type AlarmBeat = {
  readonly kind: "beat";
  readonly till: TillId;
  /** Up to which number the sender has each till's log, its own too; ascending by till. */
  readonly held: readonly { readonly till: TillId; readonly number: number }[];
};

export type AlarmStretch = {
  readonly kind: "stretch";
  readonly till: TillId;
  readonly floor: number;
  readonly first: number;
  readonly takings: readonly Taking[];
};

export type AlarmMessage = AlarmBeat | AlarmStretch;

/** 32 random bytes that every till of a shop is given, and nobody else. */
export type ShopKey = Uint8Array;

export const TILL_ID_LENGTH = 8;

const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const kinds = ["beat", "stretch"] as const;

/** What a stretch has room for. */
export const STRETCH_BYTES =
  limits.alarmDatagramMax - (1 + NONCE_LENGTH + TAG_LENGTH) - (1 + 8 + 9);

/** The bytes of a taking in a stretch. */
export function takingLength({ inputs }: Taking): number {
  return 32 + 1 + 33 * inputs.length;
}

export function encodeAlarm(alarm: AlarmMessage): Uint8Array {
  const writer = new Writer(limits.alarmDatagramMax)
    .u8(kinds.indexOf(alarm.kind) + 1)
    .fixed(fromHex(alarm.till), TILL_ID_LENGTH);
  if (alarm.kind === "beat") {
    writer.u8(alarm.held.length);
    for (const { till, number } of alarm.held) {
      writer.fixed(fromHex(till), TILL_ID_LENGTH).u32(number);
    }
    return writer.done();
  }
  writer.u32(alarm.floor).u32(alarm.first).u8(alarm.takings.length);
  for (const { id, inputs } of alarm.takings) {
    writer.fixed(fromHex(id), 32).u8(inputs.length);
    for (const input of inputs) writeOutpoint(writer, input);
  }
  return writer.done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeAlarm(bytes: Uint8Array): AlarmMessage {
  const reader = new Reader(bytes);
  const kind = kinds[reader.count(1, 1, kinds.length, "kind") - 1]!;
  const till = toHex(reader.take(TILL_ID_LENGTH, "till"));
  const alarm = kind === "beat" ? readBeat(reader, till) : readStretch(reader, till);
  reader.end("alarm");
  return alarm;
}

/** @throws Refusal `too-large` for what no datagram holds. */
export async function sealAlarm(
  networkId: Uint8Array,
  key: ShopKey,
  alarm: AlarmMessage,
  random: Random,
): Promise<Uint8Array> {
  const head = Uint8Array.of(FORMAT_VERSION);
  const nonce = random(NONCE_LENGTH);
  const cipher = cipherOf(networkId, nonce);
  const content = encodeAlarm(alarm).slice();
  const sealed = await crypto.subtle.encrypt(cipher, await importKey(key), content);
  const datagram = concat(head, nonce, new Uint8Array(sealed));
  if (datagram.length <= limits.alarmDatagramMax) return datagram;
  throw new Refusal(
    "too-large",
    `a datagram of ${datagram.length} bytes, at most ${limits.alarmDatagramMax}`,
  );
}

/**
 * @throws Refusal `unsupported-version`, `malformed`, `too-large`; `not-for-us` for what another key or network
 *   sealed, or somebody changed.
 */
export async function openAlarm(
  networkId: Uint8Array,
  key: ShopKey,
  datagram: Uint8Array,
): Promise<AlarmMessage> {
  if (datagram.length > limits.alarmDatagramMax) {
    throw new Refusal("too-large", `a datagram has at most ${limits.alarmDatagramMax} bytes`);
  }
  const reader = new Reader(datagram);
  readVersion(reader, "alarm");
  const nonce = reader.take(NONCE_LENGTH, "nonce");
  const sealed = reader.take(reader.remaining, "ciphertext");
  return decodeAlarm(await open(cipherOf(networkId, nonce), key, sealed));
}

async function open(
  cipher: ReturnType<typeof cipherOf>,
  key: ShopKey,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const imported = await importKey(key);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(cipher, imported, sealed.slice()));
  } catch {
    throw new Refusal("not-for-us", "the datagram does not open with the shop's key");
  }
}

function cipherOf(networkId: Uint8Array, nonce: Uint8Array) {
  const additionalData = message("alarm", networkId, Uint8Array.of(FORMAT_VERSION)).slice();
  return { name: "AES-GCM", iv: nonce.slice(), additionalData };
}

function importKey(key: ShopKey) {
  return crypto.subtle.importKey("raw", key.slice(), "AES-GCM", false, ["encrypt", "decrypt"]);
}

function readBeat(reader: Reader, till: TillId): AlarmBeat {
  const count = reader.count(1, 0, limits.alarmTillsMax, "held");
  const held: { till: TillId; number: number }[] = [];
  for (let i = 0; i < count; i++) {
    const each = toHex(reader.take(TILL_ID_LENGTH, `held[${i}].till`));
    if (i > 0 && each <= held[i - 1]!.till) {
      throw reader.refuse("tills are not ascending", `held[${i}].till`, TILL_ID_LENGTH);
    }
    held.push({ till: each, number: reader.u32(`held[${i}].number`) });
  }
  return { kind: "beat", till, held };
}

function readStretch(reader: Reader, till: TillId): AlarmStretch {
  const floor = reader.count(4, 1, 0xffff_ffff, "floor");
  const first = reader.count(4, floor, 0xffff_ffff, "first");
  const count = reader.count(1, 1, 0xff, "takings");
  const takings: Taking[] = [];
  for (let i = 0; i < count; i++) takings.push(readTaking(reader, `takings[${i}]`));
  return { kind: "stretch", till, floor, first, takings };
}

function readTaking(reader: Reader, field: string): Taking {
  const id = toHex(reader.take(32, `${field}.id`));
  const count = reader.count(1, 1, limits.inputsMax, `${field}.inputs`);
  const inputs: Outpoint[] = [];
  for (let i = 0; i < count; i++) {
    const input = readOutpoint(reader, `${field}.inputs[${i}]`);
    if (i > 0 && input <= inputs[i - 1]!) {
      throw reader.refuse("inputs are not ascending", `${field}.inputs[${i}]`, 33);
    }
    inputs.push(input);
  }
  return { id, inputs };
}
