/**
 * Reading from a store. A value whose checksum does not hold is never returned.
 *
 * A scan takes its entries part by part, and holds nothing of LevelDB from one part to the next: an iterator
 * keeps a snapshot. LevelDB 1.20 can bring back what a row held before if it merges tables while a snapshot from
 * before is held: it cuts a table between the two versions of the row, and a later merge moves the newer one away
 * from over the older. A part is read in less time than LevelDB takes to fill a table.
 */
import assert from "node:assert/strict";
import { concat, toHex } from "../../protocol/bytes.ts";
import { type Database, damageIn } from "./level-database.ts";
import { unseal } from "./sealed-value.ts";
import { DamagedStoreError } from "./store-errors.ts";

/** A key of one byte or more, and its value. Both belong to the reader. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** Keys in ascending order, from `gte` up to but without `lt`; the other way with `reverse`. */
export type Range = {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
};

/** Entries as they are stored, and the range of those after them; undefined where there are none. */
export type Part = { readonly rows: readonly Entry[]; readonly rest: Range | undefined };

/** Why nothing more may be asked of a store: it is closed, or a write failed. */
export type End = { reason: Error | undefined };

/** From the least key besides the tally's on. */
export const ALL = { gte: new Uint8Array(1) } as const satisfies Range;
/** What makes a key the one that follows it. */
const NEXT = new Uint8Array(1);
/** A part has so many entries, or fewer of about so many bytes or twice as many. */
const PART_ENTRIES = 1000;
const PART_BYTES = 1024 * 1024;

export class StoreView {
  readonly #level: Database;
  readonly #end: End;

  /** @param end shared with who writes. */
  constructor(level: Database, end: End) {
    this.#level = level;
    this.#end = end;
  }

  get folder(): string {
    return this.#level.location;
  }

  /** @throws DamagedStoreError, as do all reads. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const [value] = await this.getMany([key]);
    return value;
  }

  /** Values in the order of `keys`. One call for many keys costs a tenth of many calls. */
  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    for (const key of keys) this.check(key);
    return await this.valuesOf(keys);
  }

  /** Blocks the process while the disk answers: for single keys that are likely in memory. */
  getSync(key: Uint8Array): Uint8Array | undefined {
    this.check(key);
    let sealed: Uint8Array | undefined;
    try {
      sealed = this.#level.getSync(key);
    } catch (error) {
      throw this.#readError(error);
    }
    return this.#unseal(key, sealed);
  }

  /** The entries of `range` in order, each as it is when the scan comes to it. */
  async *entries(range: Range = {}): AsyncGenerator<Entry> {
    for await (const chunk of this.chunks(range)) yield* chunk;
  }

  /** As `entries`, a part at a time: for scans of millions. */
  async *chunks({ gte = ALL.gte, ...range }: Range = {}): AsyncGenerator<Entry[]> {
    let rest: Range | undefined = { ...range, gte: gte.length === 0 ? ALL.gte : gte };
    while (rest !== undefined) {
      const part: Part = await this.part(rest);
      if (part.rows.length > 0) yield part.rows.map(([key, sealed]) => this.entry(key, sealed));
      rest = part.rest;
    }
  }

  protected check(key: Uint8Array): void {
    if (this.#end.reason !== undefined) throw this.#end.reason;
    assert(key.length > 0, "the empty key is the tally's");
  }

  /** As `getMany`, also while a store that is closing writes its last. */
  protected async valuesOf(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const sealed = await this.#read(() => this.#level.getMany([...keys]));
    return keys.map((key, i) => this.#unseal(key, sealed[i]));
  }

  /** The first entries of `range`. */
  protected async part(range: Range): Promise<Part> {
    if (this.#end.reason !== undefined) throw this.#end.reason;
    const iterator = this.#level.iterator({ ...range, highWaterMarkBytes: PART_BYTES });
    try {
      const rows = await this.#read(() => iterator.nextv(PART_ENTRIES));
      if (rows.length === PART_ENTRIES) return { rows, rest: restOf(range, rows) };
      // Those were all, or as many as the bytes allow.
      const more = await this.#read(() => iterator.nextv(PART_ENTRIES));
      if (more.length === 0) return { rows, rest: undefined };
      const both = [...rows, ...more];
      return { rows: both, rest: restOf(range, both) };
    } finally {
      await iterator.close();
    }
  }

  /** @throws DamagedStoreError. */
  protected entry(key: Uint8Array, sealed: Uint8Array): Entry {
    // Plain arrays: a Buffer's `slice` and `toString` are not what callers expect.
    const plain = new Uint8Array(key.buffer, key.byteOffset, key.length);
    return [plain, this.#unseal(key, sealed)!];
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw this.#readError(error);
    }
  }

  #readError(error: unknown): unknown {
    return this.#end.reason ?? damageIn(this.folder, error) ?? error;
  }

  #unseal(key: Uint8Array, sealed: Uint8Array | undefined): Uint8Array | undefined {
    if (sealed === undefined) return undefined;
    const value = unseal(key, sealed);
    if (value !== undefined) return value;
    throw new DamagedStoreError(this.folder, `the value of key ${toHex(key)} has changed`);
  }
}

function restOf(range: Range, rows: readonly Entry[]): Range | undefined {
  const limit = (range.limit ?? Number.POSITIVE_INFINITY) - rows.length;
  if (limit <= 0) return undefined;
  const [last] = rows.at(-1)!;
  const bounds = range.reverse === true ? { lt: last } : { gte: concat(last, NEXT) };
  return { ...range, ...bounds, ...(Number.isFinite(limit) && { limit }) };
}
