/**
 * The ledger on disk: one event is one atomic batch, the cursor included, so that a crash leaves the
 * state as some event left it. What is read back is checked; what does not check out is rebuilt from the
 * log, never mended.
 */
import { fromHex, type Hex, Reader, toHex, utf8, Writer } from "../../protocol/bytes.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../../protocol/checkpoint.ts";
import { encodeDeposit } from "../../protocol/deposit.ts";
import { type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import type { History } from "../../protocol/rules.ts";
import {
  decodeStateEntry,
  type StateEntry,
  stateKey,
  stateValue,
} from "../../protocol/state-entry.ts";
import type { Change as LedgerChange } from "../ledger/change.ts";
import type { ChainPlace, LedgerEvent, PlacedEvent } from "../ledger/event.ts";
import { type Accounts, type LedgerState, splitRowName } from "../ledger/state.ts";
import { StateRoot } from "../ledger/state-root.ts";
import type { Change, CheckedStore } from "../service/checked-store.ts";
import { decodeCursor, encodeCursor } from "./cursor-row.ts";
import { bucketOfKey, keys, ranges, stateKeyOf } from "./keys.ts";

/** Where a record or an enrolment applied. */
export type AppliedRow = {
  readonly seq: number;
  readonly cycle: number;
  readonly leafHash: Hex;
};

/** Why a record or an enrolment did not apply when it was last sequenced. */
export type OutcomeRow = { readonly seq: number; readonly code: string; readonly detail: string };

/** An event as it was folded, for those who ask later. */
export type EventRow = {
  readonly seq: number;
  readonly kind: string;
  readonly place: ChainPlace;
  /** Who put the batch forward, and its root, if it was one. */
  readonly member?: number;
  readonly root?: Hex;
  /** The cycle that was closed or settled, if one was. */
  readonly cycle?: number;
  /** The cycle that was open before it. */
  readonly openCycle: number;
  /** Leaves of the batch that did not apply. */
  readonly refused: readonly { readonly leafHash: Hex; readonly id?: Hex; readonly code: string }[];
};

/** A whole ledger as it was stored after one event. */
export type Scan = { readonly accounts: Accounts; readonly entries: readonly StateEntry[] };

export class LedgerStore implements History {
  readonly #store: CheckedStore;
  readonly #root = new StateRoot();
  #place: ChainPlace | undefined;
  /** The cursor's row as it is stored. */
  #cursor: Uint8Array | null = null;

  constructor(store: CheckedStore) {
    this.#store = store;
  }

  /** Where the last event stands on the chain; absent before the first. */
  get place(): ChainPlace | undefined {
    return this.#place;
  }

  /** Reads everything into `state`, which is empty. @throws DamagedStoreError. */
  async load(state: LedgerState): Promise<void> {
    const cursor = await this.#store.get(keys.cursor);
    if (cursor === undefined) return;
    for await (const entry of this.entries()) state.load(entry);
    const { accounts, place } = decodeCursor(cursor);
    state.loadAccounts(accounts);
    this.#place = place;
    this.#cursor = cursor;
  }

  /** Every entry of the state as it is at the first step, bucket by bucket. */
  async *entries(): AsyncGenerator<StateEntry> {
    for await (const chunk of this.#store.chunks(ranges.state)) {
      for (const [key, value] of chunk) yield decodeStateEntry(stateKeyOf(key), value);
    }
  }

  /**
   * Stores what one event did. `state` is still as it was before.
   * @throws StoreWriteError if it may not be durable.
   */
  async write(
    change: LedgerChange,
    { event, place }: PlacedEvent,
    state: LedgerState,
  ): Promise<void> {
    const cursor = encodeCursor({ accounts: change, place });
    const rows = stateRows(change, state);
    for (const { key } of rows) this.#root.touch(bucketOfKey(key));
    addHistory(rows, change, state);
    addDeposit(rows, change, event);
    const value = encodeEvent({ event, place }, change, state);
    rows.push({ key: keys.event(event.seq), value, old: null });
    rows.push({ key: keys.cursor, value: cursor, old: this.#cursor });
    await this.#store.write(rows);
    this.#cursor = cursor;
    this.#place = place;
  }

  /**
   * The state root as of this call; events may be stored meanwhile.
   * Buckets that no event touched since the last root are not read again.
   */
  async stateRoot(): Promise<Hex> {
    await using snapshot = this.#store.snapshot();
    return await this.#root.compute(async (bucket) => {
      const rows = await Array.fromAsync(snapshot.entries(ranges.bucket(bucket)));
      return rows.map(([key, value]) => [stateKeyOf(key), value] as const);
    });
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

  /** Where each of `ids` applied. */
  async applied(ids: readonly Hex[]): Promise<(AppliedRow | undefined)[]> {
    const rows = await this.#store.getMany(ids.map(keys.applied));
    return rows.map((row) => (row === undefined ? undefined : decodeApplied(row)));
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

  /** Everything as it is stored now, read and checked from the disk. */
  async scan(): Promise<Scan> {
    await using snapshot = this.#store.snapshot();
    const cursor = await snapshot.get(keys.cursor);
    if (cursor === undefined) throw new Error("nothing has been folded yet");
    const rows = await Array.fromAsync(snapshot.entries(ranges.state));
    const entries = rows.map(([key, value]) => decodeStateEntry(stateKeyOf(key), value));
    return { accounts: decodeCursor(cursor).accounts, entries };
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

  /** The latest first. */
  async checkpoints(limit: number): Promise<Checkpoint[]> {
    const rows = this.#store.entries({ ...ranges.checkpoints, reverse: true, limit });
    return Array.fromAsync(rows, ([, value]) => decodeCheckpoint(value));
  }
}

/** The rows of the state that change, each with what it held before. */
function stateRows(change: LedgerChange, state: LedgerState): Change[] {
  const rows: Change[] = [];
  /** A coin that was made and taken by the same event was never there. */
  function add<T>(
    key: Uint8Array,
    now: T | null,
    before: T | undefined,
    encode: (value: T) => Uint8Array,
  ): void {
    if (now === null && before === undefined) return;
    const value = now === null ? null : encode(now);
    rows.push({ key: keys.state(key), value, old: before === undefined ? null : encode(before) });
  }
  for (const [outpoint, output] of change.coins) {
    add(stateKey.coin(outpoint), output, state.coin(outpoint), stateValue.coin);
  }
  for (const [outpoint, timeS] of change.restituted) {
    add(stateKey.restituted(outpoint), timeS, state.restitutedAtS(outpoint), stateValue.time);
  }
  for (const [owner, member] of change.enrolled) {
    add(stateKey.enrolled(owner), member, state.custodianOf(owner), stateValue.enrolled);
  }
  for (const [name, timeS] of change.revoked) {
    const [member, owner] = splitRowName(name);
    const key = stateKey.revoked(member, owner as Hex);
    add(key, timeS, state.revokedAtS(member, owner as Hex), stateValue.time);
  }
  for (const [id, member] of change.members) {
    add(stateKey.member(id), member, state.member(id), stateValue.member);
  }
  for (const [name, window] of change.windows) {
    const [cycle, member] = splitRowName(name);
    const before = state.window(cycle, Number(member));
    const held = before.delta === 0n && before.burns === 0n ? undefined : before;
    add(stateKey.window(cycle, Number(member)), window, held, stateValue.window);
  }
  for (const [member, amount] of change.reserves) {
    const before = state.member(member) === undefined ? undefined : state.reserveOf(member);
    add(stateKey.reserve(member), amount, before, stateValue.reserve);
  }
  if (change.parameters !== state.parameters) {
    const before = state.seq === 0 ? undefined : state.parameters;
    add(stateKey.parameters(), change.parameters, before, stateValue.parameters);
  }
  return rows;
}

/** What the state does not need, and those who ask do: what applied where, who took which coin, why not. */
function addHistory(rows: Change[], change: LedgerChange, state: LedgerState): void {
  const cycle = state.parameters.openCycle;
  for (const { id, leafHash, code, detail } of change.outcomes) {
    if (code === "applied" && id !== undefined) {
      const row = {
        key: keys.applied(id),
        value: encodeApplied({ seq: change.seq, cycle, leafHash }),
      };
      // A record that applies again, through a replacement, keeps its latest place.
      rows.push(change.isRepeated(id) ? row : { ...row, old: null });
    } else {
      const value = encodeOutcome({ seq: change.seq, code, detail });
      rows.push({ key: keys.outcome(id ?? leafHash), value });
    }
  }
  for (const [outpoint, id] of change.spenders) {
    rows.push({ key: keys.taken(outpoint), value: fromHex(id), old: null });
  }
  if (change.applied.length > 0) {
    const ids = new Writer(32 * change.applied.length);
    for (const id of change.applied) ids.put(fromHex(id));
    rows.push({ key: keys.order(cycle, change.seq), value: ids.done(), old: null });
  }
}

/** No record made the coin: what names it is kept for those who must show where it came from. */
function addDeposit(rows: Change[], change: LedgerChange, { kind, seq }: LedgerEvent): void {
  if (kind !== "deposited" && kind !== "awarded") return;
  for (const [outpoint, output] of change.coins) {
    if (output === null) continue;
    const value = encodeDeposit({ seq, output });
    rows.push({ key: keys.deposit(splitOutpoint(outpoint).id), value, old: null });
  }
}

function encodeApplied({ seq, cycle, leafHash }: AppliedRow): Uint8Array {
  return new Writer(48).safe(seq).safe(cycle).fixed(fromHex(leafHash), 32).done();
}

function decodeApplied(bytes: Uint8Array): AppliedRow {
  const reader = new Reader(bytes);
  const seq = reader.safe("seq");
  return { seq, cycle: reader.safe("cycle"), leafHash: toHex(reader.take(32, "leafHash")) };
}

function encodeOutcome({ seq, code, detail }: OutcomeRow): Uint8Array {
  const text = utf8.encode(detail).subarray(0, 1024);
  return new Writer(64).safe(seq).short(utf8.encode(code)).long(text).done();
}

function decodeOutcome(bytes: Uint8Array): OutcomeRow {
  const reader = new Reader(bytes);
  const seq = reader.safe("seq");
  const code = utf8.decode(reader.short(255, "code"), "code");
  return { seq, code, detail: utf8.decode(reader.long(1024, "detail"), "detail") };
}

function encodeEvent(
  { event, place }: PlacedEvent,
  change: LedgerChange,
  state: LedgerState,
): Uint8Array {
  const row: EventRow = {
    seq: event.seq,
    kind: event.kind,
    place,
    ...("member" in event ? { member: event.member } : {}),
    ...("root" in event ? { root: toHex(event.root) } : {}),
    ...("cycle" in event ? { cycle: event.cycle } : {}),
    openCycle: state.parameters.openCycle,
    refused: change.outcomes
      .filter(({ code }) => code !== "applied")
      .map(({ leafHash, id, code }) => ({ leafHash, ...(id === undefined ? {} : { id }), code })),
  };
  return utf8.encode(JSON.stringify(row));
}

function decodeEvent(bytes: Uint8Array): EventRow {
  return JSON.parse(utf8.decode(bytes, "event")) as EventRow;
}

function splitIds(bytes: Uint8Array): Hex[] {
  return Array.from({ length: bytes.length / 32 }, (_, i) =>
    toHex(bytes.subarray(32 * i, 32 * i + 32)),
  );
}
