/**
 * What events changed in the state, one after the other in a file: what an image lacks. Each event is one
 * frame with a checksum. The file is not synced: it is read only as far as it agrees with the database.
 *
 * Frame: length u32 | CRC-32 u32 of the rest | cursor length u8 | cursor | rows.
 * Row: key length u8 | value length u16, 0xffff where the row is gone | key | value.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";

/** A row of the state by its key in the store; `null` where it is gone. */
export type JournalRow = { readonly key: Uint8Array; readonly value: Uint8Array | null };

export type Frame = {
  /** The row that says where the fold stands after it. */
  readonly cursor: Uint8Array;
  readonly rows: Iterable<JournalRow>;
  /** Where the next frame begins. */
  readonly end: number;
};

const HEAD_LENGTH = 8;
const ROW_HEAD_LENGTH = 3;
const GONE = 0xffff;

export class ChangeJournal {
  readonly #file: FileHandle;
  #length: number;
  /** The next frame, so far; its memory is used again. */
  #frame = Buffer.allocUnsafe(1 << 16);
  #frameLength = 0;

  private constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** Goes on behind the first `length` bytes of the file, which is made where there is none. */
  static async open(path: string, length: number): Promise<ChangeJournal> {
    const file = await open(path, length === 0 ? "w" : "r+", 0o600);
    await file.truncate(length);
    return new ChangeJournal(file, length);
  }

  get sizeBytes(): number {
    return this.#length;
  }

  /** Begins the next frame. */
  begin(cursor: Uint8Array): void {
    this.#frameLength = HEAD_LENGTH;
    this.#make(1 + cursor.length);
    this.#frame[HEAD_LENGTH] = cursor.length;
    this.#frame.set(cursor, HEAD_LENGTH + 1);
  }

  /** Puts a row into the frame that was begun. */
  add({ key, value }: JournalRow): void {
    const at = this.#make(ROW_HEAD_LENGTH + key.length + (value?.length ?? 0));
    this.#frame[at] = key.length;
    this.#frame.writeUInt16BE(value?.length ?? GONE, at + 1);
    this.#frame.set(key, at + ROW_HEAD_LENGTH);
    if (value !== null) this.#frame.set(value, at + ROW_HEAD_LENGTH + key.length);
  }

  /** Writes the frame that was begun. */
  async append(): Promise<void> {
    const frame = this.#frame.subarray(0, this.#frameLength);
    frame.writeUInt32BE(frame.length - HEAD_LENGTH, 0);
    frame.writeUInt32BE(crc32(frame.subarray(HEAD_LENGTH)), 4);
    const { bytesWritten } = await this.#file.write(frame, 0, frame.length, this.#length);
    if (bytesWritten !== frame.length) throw new Error("the journal was not written whole");
    this.#length += frame.length;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Room for so many more bytes of the frame. @returns where. */
  #make(length: number): number {
    const at = this.#frameLength;
    this.#frameLength += length;
    if (this.#frameLength > this.#frame.length) {
      const larger = Buffer.allocUnsafe(2 * this.#frameLength);
      larger.set(this.#frame.subarray(0, at));
      this.#frame = larger;
    }
    return at;
  }
}

/** The frames of a file, up to its end or to where one is broken. */
export async function* readJournal(path: string): AsyncGenerator<Frame> {
  const bytes = await readFile(path);
  for (let at = 0; at + HEAD_LENGTH <= bytes.length; ) {
    const start = at + HEAD_LENGTH;
    const end = start + bytes.readUInt32BE(at);
    if (end <= start || end > bytes.length) return;
    const body = bytes.subarray(start, end);
    if (crc32(body) !== bytes.readUInt32BE(at + 4)) return;
    const rowsAt = 1 + body[0]!;
    yield { cursor: body.subarray(1, rowsAt), rows: rowsIn(body, rowsAt), end };
    at = end;
  }
}

function* rowsIn(body: Buffer, start: number): Generator<JournalRow> {
  for (let at = start; at < body.length; ) {
    const keyAt = at + ROW_HEAD_LENGTH;
    const valueAt = keyAt + body[at]!;
    const length = body.readUInt16BE(at + 1);
    const key = body.subarray(keyAt, valueAt);
    at = valueAt + (length === GONE ? 0 : length);
    yield { key, value: length === GONE ? null : body.subarray(valueAt, at) };
  }
}
