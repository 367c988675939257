/**
 * The ledger on disk: one event is one atomic batch, the cursor included, so that a crash leaves the
 * state as some event left it. What is read back is checked; what does not check out is rebuilt from the
 * log, never mended.
 */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../../protocol/checkpoint.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Outpoint } from "../../protocol/output.ts";
import type { History } from "../../protocol/rules.ts";
import { BUCKETS, decodeStateEntry, type StateEntry } from "../../protocol/state-entry.ts";
import type { Change as LedgerChange } from "../ledger/change.ts";
import type { ChainPlace, PlacedEvent } from "../ledger/event.ts";
import type { Accounts, LedgerState } from "../ledger/state.ts";
import { StateRoot } from "../ledger/state-root.ts";
import type { CheckedStore, StoreOptions } from "../service/checked-store.ts";
import { StoreWriteError } from "../service/store-errors.ts";
import { BatchRoots } from "./batch-roots.ts";
import { decodeCursor, encodeCursor } from "./cursor-row.ts";
import { FrozenState } from "./frozen-state.ts";
import {
  type AppliedRow,
  decodeApplied,
  decodeEvent,
  decodeOutcome,
  type EventRow,
  historyRowsOf,
  type OutcomeRow,
  splitIds,
} from "./history-rows.ts";
import { bucketOfKey, keys, ranges, seqOfOrder, stateKeyOf } from "./keys.ts";
import type { LeafPlace } from "./leaf-store.ts";
import { PastRows } from "./past-rows.ts";
import { StateCache, type StateCacheOptions } from "./state-cache.ts";
import { StateComparison } from "./state-comparison.ts";
import { stateRowsOf } from "./state-rows.ts";

/** A whole ledger as it was stored after one event. */
export type Scan = { readonly accounts: Accounts; readonly entries: readonly StateEntry[] };

export type LedgerStoreOptions = StateCacheOptions & {
  /** A store of so many entries or more has its state in a cache beside it; fewer are read in half a second. */
  readonly cacheFromEntries?: number;
};

/** How its database is to be opened: what takes more than half a second to verify is verified later. */
export const ledgerFiles: StoreOptions = {
  laterFromBytes: 32 * 1024 * 1024,
  // Rows come in the order of hashes: the more of them go into a table at once, the less is merged.
  writeBufferBytes: 32 * 1024 * 1024,
};

export class LedgerStore implements History {
  readonly #store: CheckedStore;
  readonly #root = new StateRoot();
  readonly #cache: StateCache;
  readonly #cacheFromEntries: number;
  /** Told of what changes. */
  readonly #pasts = new Set<PastRows>();
  readonly #roots = new BatchRoots((seqs) => this.#readRoots(seqs));
  #place: ChainPlace | undefined;
  /** The cursor's row, as it is stored or about to be. */
  #cursor: Uint8Array | null = null;
  /** Until the whole store has been found as it was written, no root is told of what is read from it. */
  #verified: Promise<void> = Promise.resolve();

  constructor(store: CheckedStore, options: LedgerStoreOptions = {}) {
    this.#store = store;
    this.#cache = new StateCache(store.folder, options);
    this.#cacheFromEntries = options.cacheFromEntries ?? 200_000;
  }

  /** Where the last event stands on the chain; absent before the first. */
  get place(): ChainPlace | undefined {
    return this.#place;
  }

  /**
   * Reads the state, which is empty, from its cache or from all rows. Where the store is not verified yet,
   * `verify` is to be called before the next event. @throws DamagedStoreError.
   */
  async load(state: LedgerState): Promise<void> {
    const cursor = await this.#store.get(keys.cursor);
    if (cursor === undefined) return;
    const { accounts, place } = decodeCursor(cursor);
    if (!(await this.#cache.load(state, cursor))) {
      for await (const chunk of this.#store.chunks(ranges.state)) {
        for (const [key, value] of chunk) state.put(stateKeyOf(key), value);
      }
      state.loadAccounts(accounts);
    }
    this.#place = place;
    this.#cursor = cursor;
  }

  /**
   * Goes through the whole store, compares it with its tally, and its rows with `state`. Events may go on, if
   * `state` changes in the turn in which `write` returns; roots wait.
   * @param share of this thread's time, at most. @throws DamagedStoreError.
   */
  async verify(state: LedgerState, share: number): Promise<void> {
    const inspector = new StateComparison(state, this.#store.folder);
    const verified = this.#store.verify({ share, inspector }).then(() => undefined);
    this.#verified = verified;
    await verified;
  }

  /** Every entry of the state, bucket by bucket, each as it is when the scan comes to it. */
  async *entries(): AsyncGenerator<StateEntry> {
    for await (const chunk of this.#store.chunks(ranges.state)) {
      for (const [key, value] of chunk) yield decodeStateEntry(stateKeyOf(key), value);
    }
  }

  /**
   * Stores what one event did. `state` is still as it was before.
   * @throws StoreWriteError if it may not be durable.
   */
  async write(change: LedgerChange, placed: PlacedEvent, state: LedgerState): Promise<void> {
    const { place } = placed;
    const cursor = encodeCursor({ accounts: change, place });
    await this.#renewCache(state);
    await this.#store.writeFrom(async (add) => {
      this.#cache.begin(cursor);
      for (const row of stateRowsOf(change, state)) {
        this.#root.touch(bucketOfKey(row.key));
        for (const past of this.#pasts) past.changing(row.key, row.old);
        this.#cache.add(row);
        add(row);
      }
      for (const row of historyRowsOf(change, placed, state)) add(row);
      add({ key: keys.cursor, value: cursor, old: this.#cursor });
      this.#cursor = cursor;
      await this.#cache.append();
    });
    this.#place = place;
  }

  /**
   * The state root as of this call; events may be stored meanwhile.
   * Buckets that no event touched since the last root are not read again.
   */
  async stateRoot(): Promise<Hex> {
    await using past = this.freeze();
    return await past.root();
  }

  /** The state as of this call, which comes between two events, until it is disposed of. */
  freeze(): FrozenState {
    return new FrozenState(this.#past(), this.#root, this.#verified);
  }

  #past(): PastRows {
    const letGo = (past: PastRows) => this.#pasts.delete(past);
    const past = new PastRows(this.#store, this.#cursor, letGo);
    this.#pasts.add(past);
    return past;
  }

  hasApplied(id: Hex): boolean {
    return this.#store.getSync(keys.applied(id)) !== undefined;
  }

  spenderOf(outpoint: Outpoint): Hex | undefined {
    const id = this.#store.getSync(keys.taken(outpoint));
    return id === undefined ? undefined : toHex(id);
  }

  /** What made a vault coin or an awarded coin, as its bytes, by its id. */
  async deposit(id: Hex): Promise<Uint8Array | undefined> {
    return await this.#store.get(keys.deposit(id));
  }

  /** Id of the enrolment of a key. */
  async enrolmentOf(owner: Owner): Promise<Hex | undefined> {
    const row = await this.#store.get(keys.enrolment(owner));
    return row === undefined ? undefined : toHex(row);
  }

  /** Where each of `ids` applied. */
  async applied(ids: readonly Hex[]): Promise<(AppliedRow | undefined)[]> {
    const rows = await this.#store.getMany(ids.map(keys.applied));
    return rows.map((row) => (row === undefined ? undefined : decodeApplied(row)));
  }

  /** Where the leaves of these rows stand, in their order. */
  async leafPlaces(rows: readonly AppliedRow[]): Promise<LeafPlace[]> {
    const roots = await this.#roots.of(rows.map(({ seq }) => seq));
    return rows.map(({ index }, i) => ({ root: roots[i]!, index }));
  }

  /** Why each of `ids` did not apply. */
  async outcomes(ids: readonly Hex[]): Promise<(OutcomeRow | undefined)[]> {
    const rows = await this.#store.getMany(ids.map(keys.outcome));
    return rows.map((row) => (row === undefined ? undefined : decodeOutcome(row)));
  }

  /** Ids of the records that a cycle applied, in order. */
  async appliedIn(cycle: number): Promise<Hex[]> {
    const ids: Hex[] = [];
    for await (const [, value] of this.#store.entries(ranges.order(cycle)))
      ids.push(...splitIds(value));
    return ids;
  }

  /** The records that a cycle applied from the event `from` on, event by event, in order. */
  async *appliedFrom(
    cycle: number,
    from: number,
  ): AsyncGenerator<{ readonly seq: number; readonly ids: readonly Hex[] }> {
    for await (const [key, value] of this.#store.entries(ranges.order(cycle, from)))
      yield { seq: seqOfOrder(key), ids: splitIds(value) };
  }

  /** Events after `seq` as they were folded, with the ids of the records each applied. */
  async *eventsAfter(
    seq: number,
  ): AsyncGenerator<{ readonly row: EventRow; readonly applied: readonly Hex[] }> {
    for await (const [, value] of this.#store.entries(ranges.events(seq + 1))) {
      const row = decodeEvent(value);
      const ids = await this.#store.get(keys.order(row.openCycle, row.seq));
      yield { row, applied: ids === undefined ? [] : splitIds(ids) };
    }
  }

  /** Everything as it is stored at this call, read and checked from the disk. */
  async scan(): Promise<Scan> {
    using past = await this.#store.between(async () => this.#past());
    if (past.cursor === null) throw new Error("nothing has been folded yet");
    const entries: StateEntry[] = [];
    for await (const rows of past.buckets(0, BUCKETS - 1)) {
      for (const [key, value] of rows) entries.push(decodeStateEntry(key, value));
    }
    return { accounts: decodeCursor(past.cursor).accounts, entries };
  }

  async event(seq: number): Promise<EventRow | undefined> {
    const row = await this.#store.get(keys.event(seq));
    return row === undefined ? undefined : decodeEvent(row);
  }

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    const key = keys.checkpoint(checkpoint.number);
    await this.#store.write([{ key, value: encodeCheckpoint(checkpoint) }]);
  }

  async checkpoint(cycle: number): Promise<Checkpoint | undefined> {
    const row = await this.#store.get(keys.checkpoint(cycle));
    return row === undefined ? undefined : decodeCheckpoint(row);
  }

  /** From a cycle on, in their order. */
  async checkpointsFrom(cycle: number, limit: number): Promise<Checkpoint[]> {
    const rows = this.#store.entries({ ...ranges.checkpointsFrom(cycle), limit });
    return Array.fromAsync(rows, ([, value]) => decodeCheckpoint(value));
  }

  /** The latest first. */
  async checkpoints(limit: number): Promise<Checkpoint[]> {
    const rows = this.#store.entries({ ...ranges.checkpoints, reverse: true, limit });
    return Array.fromAsync(rows, ([, value]) => decodeCheckpoint(value));
  }

  /** Lets go of the cache. The store beneath is its opener's to close. */
  async close(): Promise<void> {
    await this.#cache.close();
  }

  async #readRoots(seqs: readonly number[]): Promise<Hex[]> {
    const rows = await this.#store.getMany(seqs.map(keys.event));
    return rows.map((row, i) => {
      const root = row && decodeEvent(row).root;
      if (root === undefined)
        throw new Error(`event ${seqs[i]} applied leaves and is no batch here`);
      return root;
    });
  }

  /** @throws StoreWriteError. */
  async #renewCache(state: LedgerState): Promise<void> {
    const isLarge = this.#store.size >= this.#cacheFromEntries;
    if (this.#cursor === null || !isLarge || !this.#cache.isDue) return;
    try {
      await this.#cache.save(state, this.#cursor);
    } catch (cause) {
      throw new StoreWriteError(this.#store.folder, cause);
    }
  }
}
