/**
 * The state root, kept up bucket by bucket: only the buckets that events touched since the last root
 * are read and hashed again.
 */
import { compareBytes, type Hex } from "../../protocol/bytes.ts";
import { merkleRoot } from "../../protocol/merkle.ts";
import {
  BUCKETS,
  bucketOf,
  encodeStateEntry,
  type StateEntry,
  stateLeaf,
  stateRootOf,
} from "../../protocol/state-entry.ts";

/** Key and value of an entry. */
export type Row = readonly [key: Uint8Array, value: Uint8Array];

export class StateRoot {
  readonly #roots: Uint8Array[] = Array.from({ length: BUCKETS }, () => new Uint8Array());
  /** Buckets that changed since the last snapshot was handed in. */
  #touched = new Set(Array.from({ length: BUCKETS }, (_, bucket) => bucket));
  /** Buckets of snapshots handed in whose roots are not worked out yet. */
  readonly #due = new Set<number>();
  #underWay: Promise<unknown> = Promise.resolve();

  /** An entry of this bucket changed. */
  touch(bucket: number): void {
    this.#touched.add(bucket);
  }

  /**
   * The root of the state that `read` shows: a snapshot, taken in the same turn as this call, so that
   * events may go on meanwhile. Roots are worked out one after the other, in the order of the calls.
   * One that fails leaves its buckets to the next.
   * @param read the rows of a bucket, ascending by key.
   */
  compute(read: (bucket: number) => Promise<readonly Row[]>): Promise<Hex> {
    const touched = this.#touched;
    this.#touched = new Set();
    const root = this.#underWay.then(() => this.#rehash(touched, read));
    this.#underWay = root.catch(() => undefined);
    return root;
  }

  async #rehash(
    touched: ReadonlySet<number>,
    read: (bucket: number) => Promise<readonly Row[]>,
  ): Promise<Hex> {
    for (const bucket of touched) this.#due.add(bucket);
    for (const bucket of this.#due) {
      this.#roots[bucket] = bucketRoot(await read(bucket));
      this.#due.delete(bucket);
    }
    return stateRootOf(this.#roots);
  }
}

/** The root over all entries at once, for simulations and audits that hold them in memory. */
export function stateRootOver(entries: Iterable<StateEntry>): Hex {
  const buckets: Row[][] = Array.from({ length: BUCKETS }, () => []);
  for (const entry of entries) {
    const row = encodeStateEntry(entry);
    buckets[bucketOf(row[0])]!.push(row);
  }
  return stateRootOf(
    buckets.map((rows) => bucketRoot(rows.sort(([a], [b]) => compareBytes(a, b)))),
  );
}

/** The root of one bucket; its rows ascend by key. */
function bucketRoot(rows: readonly Row[]): Uint8Array {
  return merkleRoot(rows.map(([key, value]) => stateLeaf(key, value)));
}
