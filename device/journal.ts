/**
 * The journal in which a file store keeps its writes: what it looks like on disk, and what of it can be
 * believed. Each write is an entry with a checksum. The head says, in two places written in turn, how
 * long the journal was when its last write was acknowledged: up to there every byte must be right; what
 * comes after is a write that was cut off, and counts whole or not at all.
 *
 *     head 64: magic 8 | inode u64 | length u64 | check 8 | length u64 | check 8 | zeros 8 | check 8 of the inode
 *     entry: length u32 | changes | check 8
 *     changes: count u32 × (key length u16 + bytes | kept u8 | value length u32 + bytes, if kept)
 */
import { sha256 } from "#sha256";
import { concat, equalBytes, Reader, utf8, Writer } from "../protocol/bytes.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { StoreChange } from "./purse-store.ts";

export const HEAD_LENGTH = 64;
/** Where the two lengths stand. */
export const MARKS = [16, 32] as const;

const MAGIC = utf8.encode("tallyp01");
const CHECK_LENGTH = 8;
const MARK_LENGTH = 8 + CHECK_LENGTH;
const ENTRY_FRAME = 4 + CHECK_LENGTH;

/** A journal has bytes that are not what was written and acknowledged. */
export class DamagedJournalError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`the purse's journal is damaged: ${problem}`, options);
    this.name = "DamagedJournalError";
  }
}

export type Journal = {
  /** The file it was written in: a copy is in another. */
  readonly inode: bigint;
  readonly writes: readonly (readonly StoreChange[])[];
  /** Where the next entry goes: what lies behind it was cut off. */
  readonly end: number;
};

export function encodeHead(inode: bigint, length: number): Uint8Array {
  const mark = encodeMark(length);
  const name = new Writer(8).u64(inode).done();
  const head = new Writer(HEAD_LENGTH).put(MAGIC).put(name).put(mark).put(mark);
  return head.put(new Uint8Array(CHECK_LENGTH)).put(checkOf(name, 8)).done();
}

/** What is written at one of `MARKS` once the journal is durable up to `length`. */
export function encodeMark(length: number): Uint8Array {
  const bytes = new Writer(MARK_LENGTH).safe(length).done();
  return concat(bytes, checkOf(bytes, 0));
}

/** @param at where the entry goes: an entry in another place is none. */
export function encodeEntry(changes: readonly StoreChange[], at: number): Uint8Array {
  const writer = new Writer(1024).u32(changes.length);
  for (const { key, value } of changes) {
    writer.long(utf8.encode(key)).u8(value === undefined ? 0 : 1);
    if (value !== undefined) writer.wide(value);
  }
  const payload = writer.done();
  return new Writer(payload.length + ENTRY_FRAME).wide(payload).put(checkOf(payload, at)).done();
}

/** @throws DamagedJournalError */
export function decodeJournal(bytes: Uint8Array): Journal {
  if (bytes.length < HEAD_LENGTH || !equalBytes(bytes.subarray(0, 8), MAGIC)) {
    throw new DamagedJournalError("it has no head");
  }
  const name = bytes.subarray(8, 16);
  if (!equalBytes(bytes.subarray(HEAD_LENGTH - CHECK_LENGTH, HEAD_LENGTH), checkOf(name, 8))) {
    throw new DamagedJournalError("its head is not as it was written");
  }
  const durable = Math.max(...MARKS.map((at) => markAt(bytes, at)));
  if (durable < HEAD_LENGTH) throw new DamagedJournalError("its length is not known");
  const writes: StoreChange[][] = [];
  let end = HEAD_LENGTH;
  while (end < bytes.length) {
    const payload = entryAt(bytes, end);
    if (payload === undefined) break;
    writes.push(decodeChanges(payload));
    end += payload.length + ENTRY_FRAME;
  }
  if (end < durable) throw new DamagedJournalError(`at byte ${end} of ${durable}`);
  return { inode: new Reader(name).u64("inode"), writes, end };
}

/** The length that a mark says, 0 for a mark that was cut off. */
function markAt(bytes: Uint8Array, at: number): number {
  const mark = bytes.subarray(at, at + MARK_LENGTH);
  const length = mark.subarray(0, 8);
  if (!equalBytes(mark.subarray(8), checkOf(length, 0))) return 0;
  return new Reader(length).safe("length");
}

function entryAt(bytes: Uint8Array, at: number): Uint8Array | undefined {
  const rest = bytes.subarray(at);
  if (rest.length < ENTRY_FRAME) return undefined;
  const length = new Reader(rest).u32("length");
  if (length > rest.length - ENTRY_FRAME) return undefined;
  const payload = rest.subarray(4, 4 + length);
  const check = rest.subarray(4 + length, length + ENTRY_FRAME);
  return equalBytes(check, checkOf(payload, at)) ? payload : undefined;
}

function decodeChanges(payload: Uint8Array): StoreChange[] {
  try {
    const reader = new Reader(payload);
    const count = reader.u32("changes");
    const changes: StoreChange[] = [];
    for (let i = 0; i < count; i++) {
      const key = utf8.decode(reader.long(0xffff, "key"), "key", reader.offset);
      const isKept = reader.u8("kept") === 1;
      changes.push({ key, value: isKept ? reader.wide(0xffff_ffff, "value").slice() : undefined });
    }
    reader.end("entry");
    return changes;
  } catch (cause) {
    if (!isRefusal(cause)) throw cause;
    throw new DamagedJournalError("an entry is no list of changes", { cause });
  }
}

function checkOf(payload: Uint8Array, at: number): Uint8Array {
  return sha256(concat(new Writer(8).safe(at).done(), payload)).subarray(0, CHECK_LENGTH);
}
