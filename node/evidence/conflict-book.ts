/**
 * All conflicts this node knows, on disk and, while they are open, in memory. A database of its own: what
 * was sequenced can be found again by a replay, but a loser that never was is nowhere else. Writes are
 * durable when they return.
 *
 *     c                              → the last event whose leaves were looked at
 *     x ‖ conflict id 32             → the conflict
 *     r ‖ record id 32 ‖ conflict 32 → nothing: the conflicts that a record won or lost
 *     n ‖ number u64                 → conflict id: by their latest change
 */
import { concat, fromHex, type Hex, Reader, toHex, utf8, Writer } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Outpoint } from "../../protocol/output.ts";
import type { Change, CheckedStore } from "../service/checked-store.ts";
import {
  type Conflict,
  decodeConflict,
  encodeConflict,
  isEnded,
  type Standing,
} from "./conflict.ts";

const [c, x, r, n] = ["c", "x", "r", "n"].map(utf8.encode) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const NOTHING = new Uint8Array();

/** A conflict that has no number yet. */
export type Found = Omit<Conflict, "number">;

export class ConflictBook {
  readonly #store: CheckedStore;
  readonly #networkId: Uint8Array;
  /** Those that are not ended, by id, and by loser. */
  readonly #open = new Map<Hex, Conflict>();
  readonly #byLoser = new Map<Hex, Set<Hex>>();
  /** Losers kept for each coin, those of ended conflicts since the start included. */
  readonly #perCoin = new Map<Outpoint, number>();
  readonly #listeners: ((conflict: Conflict) => void)[] = [];
  #number = 0;
  /** The end of the queue of changes: each is worked out over the one before. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: CheckedStore, networkId: Uint8Array) {
    this.#store = store;
    this.#networkId = networkId;
  }

  /** Reads what is open. @throws DamagedStoreError. */
  async load(): Promise<void> {
    for await (const [, value] of this.#store.entries({ gte: x, lt: after(x) })) {
      const conflict = decodeConflict(this.#networkId, value);
      this.#number = Math.max(this.#number, conflict.number);
      this.#remember(conflict);
      this.#count(conflict);
    }
  }

  /** Hears of each conflict when it is found and when its standing has changed, in the order of numbers. */
  onChange(listener: (conflict: Conflict) => void): void {
    this.#listeners.push(listener);
  }

  /** Of the latest change, 0 for none. */
  get latestNumber(): number {
    return this.#number;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Those that are not ended, as they are now. */
  open(): Conflict[] {
    return [...this.#open.values()];
  }

  /** One that is not ended. */
  openOne(id: Hex): Conflict | undefined {
    return this.#open.get(id);
  }

  /** Those of a losing record that are not ended. */
  openOf(loser: Hex): Conflict[] {
    return [...(this.#byLoser.get(loser) ?? [])].map((id) => this.#open.get(id)!);
  }

  /** Whether one more loser of a coin is kept for others' customers. */
  hasRoom(outpoint: Outpoint): boolean {
    return (this.#perCoin.get(outpoint) ?? 0) < limits.losersPerCoinMax;
  }

  async get(id: Hex): Promise<Conflict | undefined> {
    const open = this.#open.get(id);
    if (open !== undefined) return open;
    const row = await this.#store.get(keyOf(id));
    return row === undefined ? undefined : decodeConflict(this.#networkId, row);
  }

  /** Those that a record won or lost. */
  async ofRecord(record: Hex): Promise<Conflict[]> {
    const gte = concat(r, fromHex(record, 32));
    const rows = await Array.fromAsync(this.#store.entries({ gte, lt: concat(gte, LAST) }));
    const found = await Promise.all(rows.map(([key]) => this.get(toHex(key.subarray(33)))));
    return found.map((conflict) => conflict!);
  }

  /** Those that changed after `number`, by their latest change, each once. */
  async *changedAfter(number: number): AsyncGenerator<Conflict> {
    const range = { gte: numberKey(number + 1), lt: after(n) };
    for await (const [, id] of this.#store.entries(range)) yield (await this.get(toHex(id)))!;
  }

  /** The latest change first. */
  async latest(limit: number): Promise<Conflict[]> {
    const rows = this.#store.entries({ gte: n, lt: after(n), reverse: true, limit });
    return await Array.fromAsync(rows, async ([, id]) => (await this.get(toHex(id)))!);
  }

  /** Keeps those that are new. One that is known becomes ours if it is found as such. */
  async keep(found: readonly Found[]): Promise<void> {
    await this.#inTurn(async () => {
      for (const each of found) {
        const known = await this.get(each.spend.id);
        if (known === undefined) await this.#add(each);
        else if (each.isOurs && !known.isOurs) await this.#replace(known, { isOurs: true });
      }
    });
  }

  /** @returns false if it stands so already, or is unknown. */
  async move(id: Hex, standing: Standing): Promise<boolean> {
    return await this.#inTurn(async () => {
      const known = await this.get(id);
      if (known === undefined || isSame(known.standing, standing)) return false;
      await this.#replace(known, { standing });
      return true;
    });
  }

  /** The last event whose leaves were looked at, 0 for none. */
  async cursor(): Promise<number> {
    const row = await this.#store.get(c);
    return row === undefined ? 0 : new Reader(row).safe("cursor");
  }

  async saveCursor(seq: number): Promise<void> {
    await this.#store.write([{ key: c, value: new Writer(8).safe(seq).done() }]);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }

  async #add(found: Found): Promise<void> {
    const { id, lostId, wonId } = found.spend;
    const names = [lostId, wonId].map((record) => concat(r, fromHex(record), fromHex(id)));
    const conflict = { ...found, number: this.#number + 1 };
    await this.#write(conflict, [
      ...rowsOf(conflict),
      ...names.map((key) => ({ key, value: NOTHING })),
    ]);
    this.#count(conflict);
  }

  async #replace(known: Conflict, changes: Partial<Found>): Promise<void> {
    const conflict = { ...known, ...changes, number: this.#number + 1 };
    await this.#write(conflict, [
      { key: numberKey(known.number), value: null },
      ...rowsOf(conflict),
    ]);
  }

  async #write(conflict: Conflict, rows: readonly Change[]): Promise<void> {
    await this.#store.write(rows);
    this.#number = conflict.number;
    this.#remember(conflict);
    for (const listener of this.#listeners) listener(conflict);
  }

  #remember(conflict: Conflict): void {
    const { id, lostId } = conflict.spend;
    const siblings = this.#byLoser.get(lostId) ?? new Set();
    if (isEnded(conflict)) {
      this.#open.delete(id);
      siblings.delete(id);
    } else {
      this.#open.set(id, conflict);
      siblings.add(id);
    }
    if (siblings.size === 0) this.#byLoser.delete(lostId);
    else this.#byLoser.set(lostId, siblings);
  }

  #count({ spend: { outpoint } }: Conflict): void {
    this.#perCoin.set(outpoint, (this.#perCoin.get(outpoint) ?? 0) + 1);
  }
}

/** Above every id. */
const LAST = new Uint8Array(33).fill(0xff);

function rowsOf(conflict: Conflict): Change[] {
  const id = fromHex(conflict.spend.id);
  return [
    { key: numberKey(conflict.number), value: id },
    { key: concat(x, id), value: encodeConflict(conflict) },
  ];
}

function keyOf(id: Hex): Uint8Array {
  return concat(x, fromHex(id, 32));
}

function numberKey(number: number): Uint8Array {
  return concat(n, new Writer(8).safe(number).done());
}

function after(prefix: Uint8Array): Uint8Array {
  return Uint8Array.of(prefix[0]! + 1);
}

function isSame(a: Standing, b: Standing): boolean {
  return a.stage === b.stage && a.code === b.code && a.detail === b.detail;
}
