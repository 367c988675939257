/**
 * The rows of the state as they were at one moment, while events go on: read as they are now, with what they held
 * before they were changed. No snapshot of LevelDB is held: service/store-view.ts says why.
 */
import { compareBytes } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Row } from "../ledger/state-root.ts";
import { pack } from "../service/packed.ts";
import type { StoreView } from "../service/store-view.ts";
import { ChangeLog } from "./change-log.ts";
import { bucketOfKey, ranges, stateKeyOf } from "./keys.ts";

/** What a past remembers at most, unless all of it is needed. */
const CHANGES_MAX_BYTES = 64 * 1024 * 1024;

export class PastRows implements Disposable {
  /** The cursor's row of that moment; `null` before the first event. */
  readonly cursor: Uint8Array | null;
  readonly #store: Pick<StoreView, "chunks">;
  readonly #letGo: (past: PastRows) => void;
  /** What was changed since; undefined once it is too much. */
  #changes: ChangeLog | undefined = new ChangeLog();
  #maxBytes = Number.POSITIVE_INFINITY;

  /**
   * The rows as they are at this call, between two events.
   * @param letGo is called when it need not be told of changes any more.
   */
  constructor(
    store: Pick<StoreView, "chunks">,
    cursor: Uint8Array | null,
    letGo: (past: PastRows) => void,
  ) {
    this.#store = store;
    this.cursor = cursor;
    this.#letGo = letGo;
  }

  /** To be told of every row before it changes. */
  changing(key: Uint8Array, old: Uint8Array | null): void {
    this.#changes?.add(key, old);
    if (this.#changes !== undefined && this.#changes.sizeBytes > this.#maxBytes)
      this.#changes = undefined;
  }

  /** From now on it gives up rather than remember too much: whoever reads must be ready to be refused. */
  bound(): void {
    this.#maxBytes = CHANGES_MAX_BYTES;
  }

  /**
   * The rows of each of these buckets, ascending by key.
   * @throws Refusal `unavailable` once too much has changed.
   */
  async *buckets(first: number, last: number): AsyncGenerator<readonly Row[]> {
    let bucket = first;
    let rows: Row[] = [];
    for await (const chunk of this.#store.chunks(ranges.buckets(first, last))) {
      for (const [key, value] of chunk) {
        for (const next = bucketOfKey(key); bucket < next; bucket++, rows = [])
          yield this.#asThen(bucket, rows);
        rows.push([stateKeyOf(key), value]);
      }
    }
    for (; bucket <= last; bucket++, rows = []) yield this.#asThen(bucket, rows);
  }

  [Symbol.dispose](): void {
    this.#letGo(this);
  }

  /** @param rows as they were when they were read, which is before this call. */
  #asThen(bucket: number, rows: readonly Row[]): readonly Row[] {
    if (this.#changes === undefined)
      throw new Refusal(
        "unavailable",
        "too much has changed since the last settlement: ask again after the next",
      );
    const changes = [...this.#changes.ofBucket(bucket)];
    if (changes.length === 0) return rows;
    const then = new Map(rows.map((row) => [pack(row[0]), row]));
    // From the last change to the first, which is the one that knows.
    for (const [key, old] of changes) {
      const stateKey = stateKeyOf(key);
      if (old === null) then.delete(pack(stateKey));
      else then.set(pack(stateKey), [stateKey, old]);
    }
    return [...then.values()].sort(([a], [b]) => compareBytes(a, b));
  }
}
