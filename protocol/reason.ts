/** A refusal as it travels to a device: code length u8 + bytes | text length u8 + bytes. */
import { type Reader, utf8, type Writer } from "./bytes.ts";
import { limits } from "./limits.ts";
import { Refusal, type RefusalCode, refusalCodes } from "./refusal.ts";

export type Reason = {
  readonly code: RefusalCode;
  /** For the person who reads it: at most 255 bytes of UTF-8. */
  readonly text: string;
};

/** What a gateway says of a refusal; a text that is too long loses its end. */
export function reasonOf(refusal: Refusal): Reason {
  const room = new Uint8Array(limits.reasonMax);
  const { written } = new TextEncoder().encodeInto(refusal.message, room);
  return { code: refusal.code, text: utf8.decode(room.subarray(0, written), "reason") };
}

/** The refusal again, for the device to throw or to show. */
export function refusalOf(reason: Reason): Refusal {
  return new Refusal(reason.code, reason.text);
}

export function writeReason(writer: Writer, reason: Reason): void {
  writer.short(utf8.encode(reason.code)).short(utf8.encode(reason.text));
}

/** @throws Refusal `malformed` on a code that is not in the table. */
export function readReason(reader: Reader, field: string): Reason {
  const start = reader.offset;
  const code = reader.text(limits.reasonMax, `${field}.code`);
  if (!isRefusalCode(code)) {
    throw reader.refuse("there is no such refusal", `${field}.code`, reader.offset - start);
  }
  return { code, text: reader.text(limits.reasonMax, `${field}.text`) };
}

function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(refusalCodes, code);
}
