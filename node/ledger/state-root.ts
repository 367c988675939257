/**
 * The state root, kept up bucket by bucket: only the buckets that events touched since the last root
 * are read and hashed again.
 */
import { compareBytes, type Hex, toHex } from "../../protocol/bytes.ts";
import { hashLeaf, merkleProof, merkleRoot } from "../../protocol/merkle.ts";
import {
  BUCKETS,
  bucketOf,
  encodeStateEntry,
  type StateEntry,
  stateLeaf,
  stateRootOf,
} from "../../protocol/state-entry.ts";
import type { PlacedEntry } from "../../protocol/state-statement.ts";

/** Key and value of an entry. */
export type Row = readonly [key: Uint8Array, value: Uint8Array];

/** Reads the rows of the buckets `first` to `last`, each bucket's in turn and ascending by key. */
export type ReadBuckets = (first: number, last: number) => AsyncIterable<readonly Row[]>;

export class StateRoot {
  readonly #roots: Uint8Array[] = Array.from({ length: BUCKETS }, () => new Uint8Array());
  /** Buckets that changed since a state was last handed in. */
  #touched = new Set(Array.from({ length: BUCKETS }, (_, bucket) => bucket));
  /** Buckets of states handed in whose roots are not worked out yet. */
  readonly #due = new Set<number>();
  #underWay: Promise<unknown> = Promise.resolve();

  /** An entry of this bucket changed. */
  touch(bucket: number): void {
    this.#touched.add(bucket);
  }

  /**
   * The roots of all buckets of the state that `read` shows: as it is at this call, also where events go on
   * meanwhile. Roots are worked out one after the other, in the order of the calls.
   * One that fails leaves its buckets to the next.
   */
  bucketRoots(read: ReadBuckets): Promise<readonly Uint8Array[]> {
    const touched = this.#touched;
    this.#touched = new Set();
    const roots = this.#underWay.then(() => this.#rehash(touched, read));
    this.#underWay = roots.catch(() => undefined);
    return roots;
  }

  /** The root over them all. */
  async compute(read: ReadBuckets): Promise<Hex> {
    return stateRootOf(await this.bucketRoots(read));
  }

  async #rehash(touched: ReadonlySet<number>, read: ReadBuckets): Promise<readonly Uint8Array[]> {
    for (const bucket of touched) this.#due.add(bucket);
    for (const [first, last] of runsOf(this.#due)) {
      let bucket = first;
      for await (const rows of read(first, last)) {
        this.#roots[bucket] = bucketRoot(rows);
        this.#due.delete(bucket++);
      }
    }
    return [...this.#roots];
  }
}

/** First and last of the numbers that follow each other without a gap, ascending. */
function runsOf(numbers: Iterable<number>): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run?.[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs;
}

/** The root over all entries at once, for simulations and audits that hold them in memory. */
export function stateRootOver(entries: Iterable<StateEntry>): Hex {
  return stateRootOf(bucketsOf(entries).map(bucketRoot));
}

/** Rows by bucket, ascending by key. */
function bucketsOf(entries: Iterable<StateEntry>): readonly (readonly Row[])[] {
  const buckets: Row[][] = Array.from({ length: BUCKETS }, () => []);
  for (const entry of entries) {
    const row = encodeStateEntry(entry);
    buckets[bucketOf(row[0])]!.push(row);
  }
  return buckets.map((rows) => rows.sort(([a], [b]) => compareBytes(a, b)));
}

/**
 * Where an entry stands in the state, out of the rows of its bucket and the roots of all.
 * @param rows ascending by key. @returns undefined where there is no such entry.
 */
export function placeIn(
  key: Uint8Array,
  rows: readonly Row[],
  roots: readonly Uint8Array[],
): PlacedEntry | undefined {
  const index = rows.findIndex(([each]) => compareBytes(each, key) === 0);
  if (index < 0) return undefined;
  const bucket = bucketOf(key);
  const leaves = rows.map(([each, value]) => stateLeaf(each, value));
  const place = {
    index,
    count: rows.length,
    path: merkleProof(leaves, index).map(toHex),
    bucketRoot: toHex(roots[bucket]!),
    bucketPath: merkleProof(roots.map(hashLeaf), bucket).map(toHex),
  };
  return { key: toHex(key), value: toHex(rows[index]![1]), place };
}

/** The root of one bucket; its rows ascend by key. */
function bucketRoot(rows: readonly Row[]): Uint8Array {
  return merkleRoot(rows.map(([key, value]) => stateLeaf(key, value)));
}
