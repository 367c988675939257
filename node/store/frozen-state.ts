/**
 * The whole state as it was at one moment: its root, and where any entry stands under it, while events go on.
 * It reads a snapshot of the store, which keeps what has been overwritten since, each row once.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { bucketOf, stateRootOf } from "../../protocol/state-entry.ts";
import type { PlacedEntry } from "../../protocol/state-statement.ts";
import { placeIn, type Row, type StateRoot } from "../ledger/state-root.ts";
import type { StoreSnapshot } from "../service/store-view.ts";
import { ranges, stateKeyOf } from "./keys.ts";

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
      root.bucketRoots(async (bucket) => {
        await verified;
        return await this.#rowsOf(bucket);
      }),
    );
  }

  async root(): Promise<Hex> {
    return stateRootOf(await this.#roots);
  }

  /** Where the entry with this key stands; undefined where there is none. */
  async placeOf(key: Uint8Array): Promise<PlacedEntry | undefined> {
    return await this.#reading(
      this.#roots.then(async (roots) => placeIn(key, await this.#rowsOf(bucketOf(key)), roots)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#reads);
    await this.#snapshot.close();
  }

  async #rowsOf(bucket: number): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const [key, value] of this.#snapshot.entries(ranges.bucket(bucket)))
      rows.push([stateKeyOf(key), value]);
    return rows;
  }

  #reading<T>(read: Promise<T>): Promise<T> {
    this.#reads.add(read);
    const done = () => this.#reads.delete(read);
    read.then(done, done);
    return read;
  }
}
