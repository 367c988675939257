/**
 * Reading from a store, as it is or as it was when a snapshot was taken. A value whose checksum does
 * not hold is never returned.
 */
import assert from "node:assert/strict";
import { toHex } from "../../protocol/bytes.ts";
import { type Database, damageIn, type Snapshot } from "./level-database.ts";
import { paced } from "./paced.ts";
import { sealedChecksum, unseal } from "./sealed-value.ts";
import { DamagedStoreError } from "./store-errors.ts";
import { Count, decodeTally, emptyTally, TALLY_KEY } from "./tally.ts";

/** A key of one byte or more, and its value. Both belong to the reader. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** Keys in ascending order, from `gte` up to but without `lt`; the other way with `reverse`. */
export type Range = {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
};

/** How everything is gone through. */
export type Verification = {
  /** Of this thread's time, at most so much: from 0 to 1. */
  readonly share?: number;
  /** Is shown all entries in order, some at a time, and may throw. */
  readonly visit?: (entries: readonly Entry[]) => Promise<void> | void;
};

/** Why nothing more may be asked of a store and its snapshots: it is closed, or a write failed. */
export type End = { reason: Error | undefined };

/** The least key besides the tally's. */
const FIRST_KEY = new Uint8Array(1);
/** A scan takes this much at a time. */
const CHUNK_ENTRIES = 1000;
const CHUNK_BYTES = 1024 * 1024;

export class StoreView {
  readonly #level: Database;
  readonly #end: End;
  readonly #at: { readonly snapshot?: Snapshot };

  /** @param end shared by a store and its snapshots. */
  constructor(level: Database, end: End, snapshot?: Snapshot) {
    this.#level = level;
    this.#end = end;
    this.#at = snapshot === undefined ? {} : { snapshot };
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
      sealed = this.#level.getSync(key, this.#at);
    } catch (error) {
      throw this.#readError(error);
    }
    return this.#unseal(key, sealed);
  }

  /** The entries of `range` as they are at the first step, in order. */
  async *entries(range: Range = {}): AsyncGenerator<Entry> {
    for await (const chunk of this.chunks(range)) yield* chunk;
  }

  /** As `entries`, up to 1,000 at a time: for scans of millions. */
  async *chunks({ gte = FIRST_KEY, ...range }: Range = {}): AsyncGenerator<Entry[]> {
    const first = gte.length === 0 ? FIRST_KEY : gte;
    for await (const rows of this.#rows({ ...range, gte: first })) {
      yield rows.map(([key, sealed]): Entry => {
        // Plain arrays: a Buffer's `slice` and `toString` are not what callers expect.
        const plain = new Uint8Array(key.buffer, key.byteOffset, key.length);
        return [plain, this.#unseal(key, sealed)!];
      });
    }
  }

  /**
   * Scans everything as it is at the first step, and compares it with the tally. Writes may go on.
   * @returns how many entries there are. @throws DamagedStoreError.
   */
  async verify({ share = 1, visit }: Verification = {}): Promise<number> {
    let tally = emptyTally;
    const count = new Count();
    for await (const rows of paced(this.#rows({ gte: TALLY_KEY }), share)) {
      const entries: Entry[] = [];
      for (const [key, sealed] of rows) {
        const value = this.#unseal(key, sealed)!;
        if (key.length === 0) {
          tally = decodeTally(value);
          continue;
        }
        count.add(sealedChecksum(sealed));
        if (visit !== undefined) entries.push([key, value]);
      }
      await visit?.(entries);
    }
    if (!count.equals(tally)) {
      const found = `${count.entries} entries are there and ${tally.entries} were written`;
      throw new DamagedStoreError(this.folder, `${found}, or others than these`);
    }
    return count.entries;
  }

  protected check(key: Uint8Array): void {
    if (this.#end.reason !== undefined) throw this.#end.reason;
    assert(key.length > 0, "the empty key is the tally's");
  }

  /** As `getMany`, also while a store that is closing writes its last. */
  protected async valuesOf(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const sealed = await this.#read(() => this.#level.getMany([...keys], this.#at));
    return keys.map((key, i) => this.#unseal(key, sealed[i]));
  }

  async *#rows(range: Range): AsyncGenerator<Entry[]> {
    if (this.#end.reason !== undefined) throw this.#end.reason;
    const iterator = this.#level.iterator({
      ...range,
      ...this.#at,
      highWaterMarkBytes: CHUNK_BYTES,
    });
    try {
      for (;;) {
        const rows = await this.#read(() => iterator.nextv(CHUNK_ENTRIES));
        if (rows.length === 0) return;
        yield rows;
      }
    } finally {
      await iterator.close();
    }
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

/** A store as it was at one moment. It keeps disk space from being freed: close it soon. */
export class StoreSnapshot extends StoreView {
  readonly #snapshot: Snapshot;

  constructor(level: Database, end: End) {
    const snapshot = level.snapshot();
    super(level, end, snapshot);
    this.#snapshot = snapshot;
  }

  async close(): Promise<void> {
    await this.#snapshot.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
