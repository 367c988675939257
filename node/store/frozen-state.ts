/** The whole state as it was at one moment: its root, and where any entry stands under it, while events go on. */
import type { Hex } from "../../protocol/bytes.ts";
import { bucketOf, stateRootOf } from "../../protocol/state-entry.ts";
import type { PlacedEntry } from "../../protocol/state-statement.ts";
import { placeIn, type StateRoot } from "../ledger/state-root.ts";
import type { PastRows } from "./past-rows.ts";

export class FrozenState implements AsyncDisposable {
  readonly #rows: PastRows;
  readonly #read: Promise<readonly Uint8Array[]>;
  readonly #roots: Promise<readonly Uint8Array[]>;

  /**
   * @param rows its own from now on, made in the same turn as this call.
   * @param verified until the store has been found as it was written, nothing is told that was read from it.
   */
  constructor(rows: PastRows, root: StateRoot, verified: Promise<void>) {
    this.#rows = rows;
    this.#read = root
      .bucketRoots((first, last) => rows.buckets(first, last))
      .finally(() => rows.bound());
    this.#roots = Promise.all([this.#read, verified]).then(([roots]) => roots);
    // Whoever asks hears of it.
    this.#roots.catch(() => undefined);
  }

  async root(): Promise<Hex> {
    return stateRootOf(await this.#roots);
  }

  /**
   * Where the entry with this key stands; undefined where there is none.
   * @throws Refusal `unavailable` where too much has changed since.
   */
  async placeOf(key: Uint8Array): Promise<PlacedEntry | undefined> {
    const roots = await this.#roots;
    const bucket = bucketOf(key);
    const [rows] = await Array.fromAsync(this.#rows.buckets(bucket, bucket));
    return placeIn(key, rows!, roots);
  }

  /** Lets go of the rows once the roots are worked out, which later ones build on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#read.catch(() => undefined);
    this.#rows[Symbol.dispose]();
  }
}
