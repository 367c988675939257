/**
 * Commands to a card and its responses, as bytes (ISO/IEC 7816-4, 5.1). A short command carries 255 bytes
 * and expects 256 at most, an extended one 65,535 and 65,536.
 *
 *     command:  CLA INS P1 P2 | [length of data, data] | [length expected]
 *     response: data | SW u16
 */
import { concat, Reader, Writer } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";

export type Command = {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Uint8Array;
  /** The most bytes that may come back; 0 for none. */
  readonly expected: number;
};

export type Response = { readonly data: Uint8Array; readonly sw: number };

export const SHORT_DATA_MAX = 0xff;
export const SHORT_EXPECTED_MAX = 0x100;
export const EXTENDED_EXPECTED_MAX = 0x1_0000;

/** In the short form where it holds the command. */
export function encodeCommand({ cla, ins, p1, p2, data, expected }: Command): Uint8Array {
  const isExtended = data.length > SHORT_DATA_MAX || expected > SHORT_EXPECTED_MAX;
  const writer = new Writer(9 + data.length).u8(cla).u8(ins).u8(p1).u8(p2);
  if (isExtended) writer.u8(0);
  if (data.length > 0) {
    if (isExtended) writer.long(data);
    else writer.short(data);
  }
  // The greatest length is written as zero.
  if (expected > 0 && isExtended) writer.u16(expected % EXTENDED_EXPECTED_MAX);
  if (expected > 0 && !isExtended) writer.u8(expected % SHORT_EXPECTED_MAX);
  return writer.done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeCommand(bytes: Uint8Array): Command {
  const reader = new Reader(bytes);
  const [cla, ins, p1, p2] = [reader.u8("CLA"), reader.u8("INS"), reader.u8("P1"), reader.u8("P2")];
  const none = new Uint8Array();
  const header = { cla, ins, p1, p2 };
  if (reader.remaining === 0) return { ...header, data: none, expected: 0 };
  const isExtended = bytes[4] === 0 && reader.remaining >= 3;
  const length = () => (isExtended ? reader.u16("length") : reader.u8("length"));
  const most = isExtended ? EXTENDED_EXPECTED_MAX : SHORT_EXPECTED_MAX;
  if (isExtended) reader.u8("extended");
  const first = length();
  if (reader.remaining === 0)
    return { ...header, data: none, expected: first === 0 ? most : first };
  if (first === 0) throw reader.refuse("no data where data follow", "length");
  const data = reader.take(first, "data");
  const expected = reader.remaining === 0 ? undefined : length();
  reader.end("command");
  return { ...header, data, expected: expected === 0 ? most : (expected ?? 0) };
}

export function encodeResponse({ data, sw }: Response): Uint8Array {
  return concat(data, new Writer(2).u16(sw).done());
}

/** @throws Refusal `malformed` for fewer than two bytes. */
export function decodeResponse(bytes: Uint8Array): Response {
  if (bytes.length < 2) throw new Refusal("malformed", "a response ends in its status word");
  const data = bytes.subarray(0, -2);
  return { data, sw: new Reader(bytes.subarray(-2)).u16("SW") };
}
