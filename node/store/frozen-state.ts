/**
 * The whole state as it was at one moment: its root, and where any entry stands under it, while events go on.
 * It reads a snapshot of the store, which keeps what has been overwritten since, each row once.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { bucketOf, stateRootOf } from "../../protocol/state-entry.ts";
import type { PlacedEntry } from "../../protocol/state-statement.ts";
import { placeIn, type Row, type StateRoot } from "../ledger/state-root.ts";
import type { StoreSnapshot } from "../service/store-view.ts";
import { bucketOfKey, ranges, stateKeyOf } from "./keys.ts";

export class FrozenState implements AsyncDisposable {
  readonly #snapshot: StoreSnapshot;
  readonly #roots: Promise<readonly Uint8Array[]>;
  /** The snapshot is not let go of under who reads it. */
  readonly #reads = new Set<Promise<unknown>>();

  /**
   * @param snapshot its own from now on, taken in the same turn as this call.
   * @param verified until the store has been found as it was written, nothing is made of what is read from it.
   */
  constructor(snapshot: StoreSnapshot, root: StateRoot, verified: Promise<void>) {
    this.#snapshot = snapshot;
    this.#roots = this.#reading(
      root.bucketRoots((first, last) => this.#buckets(first, last, verified)),
    );
  }

  async root(): Promise<Hex> {
    return stateRootOf(await this.#roots);
  }

  /** Where the entry with this key stands; undefined where there is none. */
  async placeOf(key: Uint8Array): Promise<PlacedEntry | undefined> {
    return await this.#reading(
      this.#roots.then(async (roots) => {
        const bucket = bucketOf(key);
        const [rows] = await Array.fromAsync(this.#buckets(bucket, bucket));
        return placeIn(key, rows!, roots);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#reads);
    await this.#snapshot.close();
  }

  /** The rows of each of these buckets, read in one go. */
  async *#buckets(first: number, last: number, after?: Promise<void>): AsyncGenerator<Row[]> {
    await after;
    let bucket = first;
    let rows: Row[] = [];
    for await (const chunk of this.#snapshot.chunks(ranges.buckets(first, last))) {
      for (const [key, value] of chunk) {
        for (const next = bucketOfKey(key); bucket < next; bucket++, rows = []) yield rows;
        rows.push([stateKeyOf(key), value]);
      }
    }
    for (; bucket <= last; bucket++, rows = []) yield rows;
  }

  #reading<T>(read: Promise<T>): Promise<T> {
    this.#reads.add(read);
    const forget = () => this.#reads.delete(read);
    read.then(forget, forget);
    return read;
  }
}
