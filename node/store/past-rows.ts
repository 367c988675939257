/**
 * The rows of the state as they were at one moment, while events go on: read as they are now, with what they held
 * before they were changed. No snapshot of LevelDB is held: service/store-view.ts says why.
 */
import { Refusal } from "../../protocol/refusal.ts";
import type { Row } from "../ledger/state-root.ts";
import { pack, unpack } from "../service/packed.ts";
import type { StoreView } from "../service/store-view.ts";
import { bucketOfKey, ranges, stateKeyOf } from "./keys.ts";

/** Changed rows that a past remembers at most, unless all are needed: some 50 MB. */
const CHANGED_MAX = 1 << 18;

export class PastRows implements Disposable {
  readonly #store: Pick<StoreView, "chunks">;
  readonly #letGo: (past: PastRows) => void;
  /** By bucket, what rows held that were changed since, `null` for nothing; undefined once they are too many. */
  #changed: Map<number, Map<string, string | null>> | undefined = new Map();
  #changedRows = 0;
  #changedMax = Number.POSITIVE_INFINITY;

  /**
   * The rows as they are at this call, between two events.
   * @param letGo is called when it need not be told of changes any more.
   */
  constructor(store: Pick<StoreView, "chunks">, letGo: (past: PastRows) => void) {
    this.#store = store;
    this.#letGo = letGo;
  }

  /** To be told of every row before it changes. */
  changing(key: Uint8Array, old: Uint8Array | null): void {
    if (this.#changed === undefined) return;
    const bucket = bucketOfKey(key);
    let rows = this.#changed.get(bucket);
    if (rows === undefined) this.#changed.set(bucket, (rows = new Map()));
    const name = pack(stateKeyOf(key));
    if (rows.has(name)) return;
    if (this.#changedRows >= this.#changedMax) this.#changed = undefined;
    this.#changedRows++;
    rows.set(name, old === null ? null : pack(old));
  }

  /** From now on it gives up rather than remember too much: whoever reads must be ready to be refused. */
  bound(): void {
    this.#changedMax = CHANGED_MAX;
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
    if (this.#changed === undefined)
      throw new Refusal(
        "unavailable",
        "too much has changed since the last settlement: ask again after the next",
      );
    const changed = this.#changed.get(bucket);
    if (changed === undefined) return rows;
    const then = new Map(rows.map(([key, value]) => [pack(key), value]));
    for (const [name, old] of changed) {
      if (old === null) then.delete(name);
      else then.set(name, unpack(old));
    }
    // Text of bytes sorts as they do.
    const sorted = [...then].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([name, value]): Row => [unpack(name), value]);
  }
}
