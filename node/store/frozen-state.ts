/**
 * The whole state as it was at one moment: its root, and where any entry stands under it, while events go on.
 *
 * A snapshot of the store is kept only until the roots are worked out. LevelDB 1.20, which is beneath, can bring
 * back a row that was deleted if it merges tables while a snapshot from before the deletion is held: it cuts a
 * table between the two versions of a row, and later moves the newer one away from over the older. What is asked
 * afterwards is read from the rows as they are now, and from what they held before they were changed.
 */
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { bucketOf, stateRootOf } from "../../protocol/state-entry.ts";
import type { PlacedEntry } from "../../protocol/state-statement.ts";
import { placeIn, type Row, type StateRoot } from "../ledger/state-root.ts";
import type { StoreSnapshot, StoreView } from "../service/store-view.ts";
import { bucketOfKey, ranges, stateKeyOf } from "./keys.ts";

/** Changed rows that are remembered: some 50 MB. */
const CHANGED_MAX = 1 << 18;

export class FrozenState implements AsyncDisposable {
  readonly #store: Pick<StoreView, "chunks">;
  readonly #roots: Promise<readonly Uint8Array[]>;
  /** By bucket, what rows held that were changed since, `null` for nothing; undefined once they are too many. */
  #changed: Map<number, Map<Hex, Uint8Array | null>> | undefined = new Map();
  #changedRows = 0;

  /**
   * @param snapshot its own from now on, taken in the same turn as this call.
   * @param verified until the store has been found as it was written, nothing is made of what is read from it.
   */
  constructor(
    store: Pick<StoreView, "chunks">,
    snapshot: StoreSnapshot,
    root: StateRoot,
    verified: Promise<void>,
  ) {
    this.#store = store;
    this.#roots = rootsOf(snapshot, root, verified);
    // Whoever asks hears of it.
    this.#roots.catch(() => undefined);
  }

  /** To be told of every row before it changes. */
  changing(key: Uint8Array, old: Uint8Array | null): void {
    if (this.#changedRows === CHANGED_MAX) this.#changed = undefined;
    if (this.#changed === undefined) return;
    const bucket = bucketOfKey(key);
    const rows = this.#changed.get(bucket) ?? new Map<Hex, Uint8Array | null>();
    this.#changed.set(bucket, rows);
    const name = toHex(stateKeyOf(key));
    if (rows.has(name)) return;
    this.#changedRows++;
    // Bytes of their own: those given may lie among others that would be kept with them.
    rows.set(name, old === null ? null : Uint8Array.from(old));
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
    const [now] = await Array.fromAsync(bucketsIn(this.#store, bucket, bucket));
    if (this.#changed === undefined)
      throw new Refusal(
        "unavailable",
        "too much has changed since the last settlement: ask again after the next",
      );
    const rows = new Map(now!.map(([each, value]) => [toHex(each), value]));
    for (const [name, value] of this.#changed.get(bucket) ?? []) {
      if (value === null) rows.delete(name);
      else rows.set(name, value);
    }
    const then = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
    return placeIn(
      key,
      then.map(([name, value]): Row => [fromHex(name), value]),
      roots,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#roots.catch(() => undefined);
  }
}

async function rootsOf(
  snapshot: StoreSnapshot,
  root: StateRoot,
  verified: Promise<void>,
): Promise<readonly Uint8Array[]> {
  await using past = snapshot;
  return await root.bucketRoots((first, last) => bucketsIn(past, first, last, verified));
}

/** The rows of each of these buckets, read in one go. */
async function* bucketsIn(
  store: Pick<StoreView, "chunks">,
  first: number,
  last: number,
  after?: Promise<void>,
): AsyncGenerator<Row[]> {
  await after;
  let bucket = first;
  let rows: Row[] = [];
  for await (const chunk of store.chunks(ranges.buckets(first, last))) {
    for (const [key, value] of chunk) {
      for (const next = bucketOfKey(key); bucket < next; bucket++, rows = []) yield rows;
      rows.push([stateKeyOf(key), value]);
    }
  }
  for (; bucket <= last; bucket++, rows = []) yield rows;
}
