/**
 * What a store says of itself: how often it was written, how many entries it holds, and the sum of
 * their checksums. Each write changes it together with the entries, so a scan that adds up to
 * anything else has found a write that was lost.
 */
import { Reader, Writer } from "../../protocol/bytes.ts";

export type Tally = {
  /** Of the last write; the first, which makes the store, is 1. */
  readonly number: number;
  readonly entries: number;
  /** Modulo 2^48. */
  readonly sum: number;
};

/** Where the tally lies: under the one key that callers cannot name, before all others. */
export const TALLY_KEY = new Uint8Array(0);

const emptyTally: Tally = { number: 0, entries: 0, sum: 0 };

const SUM_BOUND = 2 ** 48;

/** Adds up entries that come and go, each by its checksum. */
export class Count {
  entries: number;
  sum: number;

  constructor(tally: Tally = emptyTally) {
    this.entries = tally.entries;
    this.sum = tally.sum;
  }

  add(checksum: number): void {
    this.entries++;
    this.sum = (this.sum + checksum) % SUM_BOUND;
  }

  remove(checksum: number): void {
    this.entries--;
    this.sum = (this.sum + SUM_BOUND - checksum) % SUM_BOUND;
  }

  equals(tally: Tally): boolean {
    return this.entries === tally.entries && this.sum === tally.sum;
  }

  tally(number: number): Tally {
    return { number, entries: this.entries, sum: this.sum };
  }
}

/** number u64 | entries u64 | sum u64. */
export function encodeTally({ number, entries, sum }: Tally): Uint8Array {
  return new Writer(24).safe(number).safe(entries).safe(sum).done();
}

/** @throws Refusal `malformed`. */
export function decodeTally(bytes: Uint8Array): Tally {
  const reader = new Reader(bytes);
  const tally = {
    number: reader.safe("number"),
    entries: reader.safe("entries"),
    sum: reader.safe("sum"),
  };
  reader.end("tally");
  return tally;
}
