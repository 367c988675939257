/**
 * One frame: the text in one code. Each names the message it is of, so that frames of two messages never
 * mix, and says enough to be taken alone and in any order.
 *
 *     "TALLY:" | base45 of: version u8 | id 8 | length u16 | number u8 | share
 *
 * id: the first 8 bytes of SHA-256 of the message. length: the message's. A message is cut into k = ⌈length ÷
 * length of a share⌉ parts, the last filled with zeros; number n < k is part n, any other a repair share.
 */
import { sha256 } from "#sha256";
import { fromHex, type Hex, Reader, toHex, Writer } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { FORMAT_VERSION, readVersion } from "../../protocol/version.ts";
import { decodeBase45, encodeBase45 } from "./base45.ts";

export type Frame = {
  /** Names the message, and is its checksum. */
  readonly id: Hex;
  /** Of the message, in bytes. */
  readonly length: number;
  readonly number: number;
  readonly share: Uint8Array;
};

/** Tells our codes from the others a camera sees; all of it is alphanumeric. */
const PREFIX = "TALLY:";
const ID_LENGTH = 8;
const HEADER_LENGTH = 1 + ID_LENGTH + 2 + 1;

export function frameId(message: Uint8Array): Hex {
  return toHex(sha256(message).subarray(0, ID_LENGTH));
}

/** Into how many parts a frame's message was cut. */
export function partsOf({ length, share }: Frame): number {
  return Math.ceil(length / share.length);
}

export function encodeFrame({ id, length, number, share }: Frame): string {
  const writer = new Writer(HEADER_LENGTH + share.length).u8(FORMAT_VERSION);
  writer
    .put(fromHex(id, ID_LENGTH, "id"))
    .u16(length)
    .u8(number)
    .put(share);
  return PREFIX + encodeBase45(writer.done());
}

/** @throws Refusal `malformed` naming field and offset, `unsupported-version`. */
export function decodeFrame(text: string): Frame {
  if (!text.startsWith(PREFIX)) throw new Refusal("malformed", `a frame begins with ${PREFIX}`);
  const reader = new Reader(decodeBase45(text.slice(PREFIX.length), "frame"));
  readVersion(reader, "frame");
  const id = toHex(reader.take(ID_LENGTH, "id"));
  const length = reader.count(2, 1, limits.messageBytesMax, "length");
  const number = reader.u8("number");
  const share = reader.take(reader.remaining, "share");
  const frame = { id, length, number, share };
  if (share.length === 0 || share.length > length || partsOf(frame) > limits.codePartsMax) {
    throw reader.refuse(
      `a share of ${share.length} bytes does not fit ${length}`,
      "share",
      share.length,
    );
  }
  return frame;
}
