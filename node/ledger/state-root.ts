/**
 * The state root, kept up bucket by bucket: only the buckets that events touched since the last root
 * are read and hashed again.
 */
import { compareBytes, type Hex, toHex } from "../../protocol/bytes.ts";
import type { StatePlace } from "../../protocol/coin-statement.ts";
import { hashLeaf, merkleProof, merkleRoot } from "../../protocol/merkle.ts";
import type { Outpoint, Output } from "../../protocol/output.ts";
import {
  BUCKETS,
  bucketOf,
  decodeStateEntry,
  encodeStateEntry,
  type StateEntry,
  stateKey,
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

/** Where a coin stands in a state, out of all its entries; undefined where there is no such coin. */
export function placeOf(
  entries: Iterable<StateEntry>,
  outpoint: Outpoint,
): { readonly output: Output; readonly place: StatePlace } | undefined {
  const buckets = bucketsOf(entries);
  const key = stateKey.coin(outpoint);
  const bucket = bucketOf(key);
  const rows = buckets[bucket]!;
  const index = rows.findIndex(([each]) => compareBytes(each, key) === 0);
  if (index < 0) return undefined;
  const entry = decodeStateEntry(...rows[index]!);
  if (entry.kind !== "coin") throw new Error(`the row of coin ${outpoint} is of another kind`);
  const roots = buckets.map(bucketRoot);
  const leaves = rows.map(([each, value]) => stateLeaf(each, value));
  const place = {
    index,
    count: rows.length,
    path: merkleProof(leaves, index).map(toHex),
    bucketRoot: toHex(roots[bucket]!),
    bucketPath: merkleProof(roots.map(hashLeaf), bucket).map(toHex),
  };
  return { output: entry.output, place };
}

/** The root of one bucket; its rows ascend by key. */
function bucketRoot(rows: readonly Row[]): Uint8Array {
  return merkleRoot(rows.map(([key, value]) => stateLeaf(key, value)));
}
