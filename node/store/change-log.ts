/**
 * What rows of the state held before they were changed, one after the other in large pieces of memory: a tenth of
 * what a map of them would take in time. Those of one bucket are chained, the last first.
 *
 * Entry: place of the entry before it in its bucket u32, 0 for none | key length u8 | old length u16, 0xffff where
 * the row was not there | key | old.
 */
import { BUCKETS } from "../../protocol/state-entry.ts";
import { bucketOfKey } from "./keys.ts";

/** A row by its key in the store, and what it held, `null` for nothing. */
export type ChangedRow = readonly [key: Uint8Array, old: Uint8Array | null];

const PIECE_BYTES = 1 << 18;
const HEAD_LENGTH = 7;
const NOTHING = 0xffff;

export class ChangeLog {
  readonly #pieces: Buffer[] = [];
  /** Place of the last entry of each bucket. A place is one more than the bytes before it. */
  readonly #last = new Uint32Array(BUCKETS);
  /** Bytes in use of the last piece. */
  #used = PIECE_BYTES;

  get sizeBytes(): number {
    return this.#pieces.length * PIECE_BYTES;
  }

  add(key: Uint8Array, old: Uint8Array | null): void {
    const length = HEAD_LENGTH + key.length + (old?.length ?? 0);
    if (this.#used + length > PIECE_BYTES) {
      this.#pieces.push(Buffer.allocUnsafeSlow(PIECE_BYTES));
      this.#used = 0;
    }
    const piece = this.#pieces.at(-1)!;
    const at = this.#used;
    const bucket = bucketOfKey(key);
    piece.writeUInt32LE(this.#last[bucket]!, at);
    piece[at + 4] = key.length;
    piece.writeUInt16LE(old?.length ?? NOTHING, at + 5);
    piece.set(key, at + HEAD_LENGTH);
    if (old !== null) piece.set(old, at + HEAD_LENGTH + key.length);
    this.#last[bucket] = this.sizeBytes - PIECE_BYTES + at + 1;
    this.#used += length;
  }

  /** The changes of one bucket, from the last to the first. */
  *ofBucket(bucket: number): Generator<ChangedRow> {
    for (let place = this.#last[bucket]!; place > 0; ) {
      const piece = this.#pieces[Math.floor((place - 1) / PIECE_BYTES)]!;
      const at = (place - 1) % PIECE_BYTES;
      const oldAt = at + HEAD_LENGTH + piece[at + 4]!;
      const length = piece.readUInt16LE(at + 5);
      const old = length === NOTHING ? null : piece.subarray(oldAt, oldAt + length);
      yield [piece.subarray(at + HEAD_LENGTH, oldAt), old];
      place = piece.readUInt32LE(at);
    }
  }
}
