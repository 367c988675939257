/**
 * The gateway's store in a table of PostgreSQL: what CheckedStore promises of a folder. Each write is one statement,
 * durable when it is answered; those asked for meanwhile go together as the next. Every value carries its checksum.
 */
import assert from "node:assert/strict";
import { toHex } from "../../protocol/bytes.ts";
import type { Change } from "../../node/service/checked-store.ts";
import { pack } from "../../node/service/packed.ts";
import { seal, unseal } from "../../node/service/sealed-value.ts";
import { DamagedStoreError } from "../../node/service/store-errors.ts";
import type { Entry, Range } from "../../node/service/store-view.ts";
import { WriteQueue } from "../../node/service/write-queue.ts";
import type { Store } from "../store.ts";
import type { Row, Run, Statement } from "./database.ts";

export type PostgresStoreParts = {
  readonly place: string;
  readonly reads: Run;
  readonly writes: Run;
};

export const TABLE = "tallystick_gateway";

/** The header's. All other keys are longer. */
export const HEADER_KEY = new Uint8Array();

/** An index of PostgreSQL takes 2,704 bytes; ours are far below. */
const KEY_BYTES_MAX = 1_024;
/** One write takes what waits up to this many changes. */
const CHANGES_MAX = 4_096;
/** Entries that are read at once. */
const PAGE = 1_000;

const FIRST_KEY = new Uint8Array(1);

const GET: Statement = {
  name: "get",
  text: `SELECT key, value FROM ${TABLE} WHERE key = ANY($1::bytea[])`,
};

/** Both halves see the table as it was before: no key may stand in both. */
const WRITE: Statement = {
  name: "write",
  text: `WITH gone AS (DELETE FROM ${TABLE} WHERE key = ANY($3::bytea[]))
    INSERT INTO ${TABLE} (key, value) SELECT * FROM unnest($1::bytea[], $2::bytea[])
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
};

export class PostgresStore implements Store {
  readonly #parts: PostgresStoreParts;
  readonly #queue = new WriteQueue<Change>((changes) => this.#write(changes), CHANGES_MAX);
  #end: Error | undefined;

  constructor(parts: PostgresStoreParts) {
    this.#parts = parts;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const [value] = await this.getMany([key]);
    return value;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    for (const key of keys) this.#check(key);
    if (keys.length === 0) return [];
    const rows = await this.#parts.reads(GET, [keys]);
    const found = new Map(rows.map((row) => this.#entryOf(row)).map(([k, v]) => [pack(k), v]));
    return keys.map((key) => found.get(pack(key)));
  }

  async *entries({ gte = FIRST_KEY, lt, reverse = false, limit = Infinity }: Range = {}) {
    let from = gte.length === 0 ? FIRST_KEY : gte;
    let to = lt;
    for (let left = limit; left > 0; ) {
      this.#refuseIfEnded();
      const count = Math.min(left, PAGE);
      const bounds = to === undefined ? [from] : [from, to];
      const rows = await this.#parts.reads(pageOf(reverse, to !== undefined), [...bounds, count]);
      const page = rows.map((row) => this.#entryOf(row));
      yield* page;
      left -= page.length;
      if (page.length < count) return;
      const [last] = page.at(-1)!;
      if (reverse) to = last;
      else from = after(last);
    }
  }

  /**
   * Applies all changes or none, in order, and returns when they are durable.
   * @throws StoreAwayError: whether they were applied is not known.
   */
  async write(changes: readonly Change[]): Promise<void> {
    for (const { key } of changes) this.#check(key);
    if (changes.length > 0) await this.#queue.add(changes);
  }

  /** Waits for the writes that were asked for. Nothing may be asked from now on. */
  async close(why: Error = new Error(`the store ${this.#parts.place} is closed`)): Promise<void> {
    this.#end ??= why;
    await this.#queue.idle();
  }

  async #write(changes: readonly Change[]): Promise<void> {
    // The last word on each key counts.
    const last = new Map(changes.map((change) => [pack(change.key), change]));
    const puts: { readonly key: Uint8Array; readonly sealed: Uint8Array }[] = [];
    const gone: Uint8Array[] = [];
    for (const { key, value } of last.values()) {
      if (value === null) gone.push(key);
      else puts.push({ key, sealed: seal(key, value) });
    }
    const [names, values] = [puts.map(({ key }) => key), puts.map(({ sealed }) => sealed)];
    await this.#parts.writes(WRITE, [names, values, gone]);
  }

  #check(key: Uint8Array): void {
    this.#refuseIfEnded();
    assert(key.length > 0, "the empty key is the header's");
    assert(key.length <= KEY_BYTES_MAX, `a key has ${key.length} bytes`);
  }

  #refuseIfEnded(): void {
    if (this.#end !== undefined) throw this.#end;
  }

  #entryOf({ key, value }: Row): Entry {
    const name = plain(key as Buffer);
    const opened = unseal(name, value as Buffer);
    if (opened !== undefined) return [name, opened];
    throw new DamagedStoreError(this.#parts.place, `the value of key ${toHex(name)} has changed`);
  }
}

function pageOf(reverse: boolean, isBounded: boolean): Statement {
  const [order, below] = [reverse ? "DESC" : "ASC", isBounded ? "AND key < $2" : ""];
  const limit = isBounded ? "$3" : "$2";
  return {
    name: `page ${order} ${isBounded}`,
    text: `SELECT key, value FROM ${TABLE} WHERE key >= $1 ${below} ORDER BY key ${order} LIMIT ${limit}`,
  };
}

/** The least key above. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** A Buffer's `slice` and `toString` are not what callers expect. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
