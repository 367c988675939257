/** The state of the ledger in memory, as the last event left it. Only `commit` and `load` change it. */
import { Reader, toHex, Writer } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../../protocol/output.ts";
import type { LedgerView, Member } from "../../protocol/rules.ts";
import {
  decodeStateEntry,
  encodeStateEntry,
  type Parameters,
  type StateEntry,
  type Window,
} from "../../protocol/state-entry.ts";
import { type Balance, Coins, type Holding, type Stretch } from "./coins.ts";

/** What a restart needs beside the entries that the state root covers. */
export type Accounts = {
  readonly seq: number;
  /** Deposits, restitutions and awards since the last boundary. */
  readonly inflow: bigint;
  /** The sum of all coins at the last boundary. */
  readonly boundarySupply: bigint;
};

/** The name of a row that a member and something else have together. */
export type RowName = `${number}/${string}`;

/** What one event changes: the new value of each row it touches, null where the row is gone. */
export type StateChange = Accounts & {
  readonly coins: ReadonlyMap<Outpoint, Output | null>;
  readonly restituted: ReadonlyMap<Outpoint, number | null>;
  readonly enrolled: ReadonlyMap<Owner, MemberId>;
  readonly revoked: ReadonlyMap<RowName, number>;
  readonly members: ReadonlyMap<MemberId, Member>;
  readonly windows: ReadonlyMap<RowName, Window | null>;
  readonly reserves: ReadonlyMap<MemberId, bigint>;
  readonly custody: ReadonlyMap<MemberId, bigint>;
  readonly parameters: Parameters;
};

/** First bytes of the keys of rows that go again. */
const [COIN, RESTITUTED, WINDOW] = ["c", "t", "w"].map((letter) => letter.charCodeAt(0));

export const NO_WINDOW: Window = { delta: 0n, burns: 0n };

const NO_PARAMETERS: Parameters = { version: 0, reclaimDelayS: 0, openCycle: 1, settledCycle: 0 };
const NO_ACCOUNTS: Accounts = { seq: 0, inflow: 0n, boundarySupply: 0n };

export class LedgerState implements LedgerView {
  readonly #seed: number;
  #coins: Coins;
  readonly #restituted = new Map<Outpoint, number>();
  readonly #revoked = new Map<RowName, number>();
  readonly #members = new Map<MemberId, Member>();
  readonly #windows = new Map<RowName, Window>();
  readonly #reserves = new Map<MemberId, bigint>();
  readonly #custody = new Map<MemberId, bigint>();
  #parameters: Parameters = NO_PARAMETERS;
  #accounts: Accounts = NO_ACCOUNTS;

  /** @param seed spreads the coins in memory; any 32-bit integer that strangers do not know. */
  constructor(seed: number) {
    this.#seed = seed;
    this.#coins = new Coins(seed);
  }

  /** The last event folded, 0 before the first. */
  get seq(): number {
    return this.#accounts.seq;
  }

  get inflow(): bigint {
    return this.#accounts.inflow;
  }

  get boundarySupply(): bigint {
    return this.#accounts.boundarySupply;
  }

  get parameters(): Parameters {
    return this.#parameters;
  }

  get reclaimDelayS(): number {
    return this.#parameters.reclaimDelayS;
  }

  get coinCount(): number {
    return this.#coins.size;
  }

  /** Bytes that coins and owners take in memory. */
  get sizeBytes(): number {
    return this.#coins.sizeBytes;
  }

  hasCoin(outpoint: Outpoint): boolean {
    return this.#coins.has(outpoint);
  }

  coin(outpoint: Outpoint): Output | undefined {
    return this.#coins.get(outpoint);
  }

  /** The coins of an owner, the last added first; the state must not change meanwhile. */
  coinsOf(owner: Owner): Iterable<readonly [Outpoint, Output]> {
    return this.#coins.of(owner);
  }

  /** How many coins an owner has, and their sum: kept, not counted. */
  balanceOf(owner: Owner): Balance {
    return this.#coins.balanceOf(owner);
  }

  /** Coins that wait at a member for whoever shows their secret, in stretches: see `Coins.stretch`. */
  claimsAt(member: MemberId, from: number, rows: number, most: number): Stretch {
    return this.#coins.stretch(from, lock.claim, member, rows, most);
  }

  restitutedAtS(outpoint: Outpoint): number | undefined {
    return this.#restituted.get(outpoint);
  }

  custodianOf(owner: Owner): MemberId | undefined {
    return this.#coins.custodianOf(owner);
  }

  revokedAtS(member: MemberId, owner: Owner): number | undefined {
    return this.#revoked.get(rowName(member, owner));
  }

  /** The owners a member has revoked, and when first. */
  revocationsOf(member: MemberId): (readonly [Owner, number])[] {
    const rows = [...this.#revoked].map(([name, timeS]) => [...splitRowName(name), timeS] as const);
    return rows.filter(([id]) => id === member).map(([, owner, timeS]) => [owner as Owner, timeS]);
  }

  /** The member with which a key is enrolled, or whose treasury key it is or was: that of all its coins. */
  memberOf(owner: Owner): MemberId | undefined {
    const enrolled = this.custodianOf(owner);
    if (enrolled !== undefined) return enrolled;
    return this.memberIds().find((id) => this.member(id)!.treasuryOwners.includes(owner));
  }

  member(id: MemberId): Member | undefined {
    return this.#members.get(id);
  }

  memberIds(): MemberId[] {
    return [...this.#members.keys()].sort((a, b) => a - b);
  }

  window(cycle: number, member: MemberId): Window {
    return this.#windows.get(rowName(cycle, member)) ?? NO_WINDOW;
  }

  reserveOf(member: MemberId): bigint {
    return this.#reserves.get(member) ?? 0n;
  }

  /** C_m: the sum of the coins whose custodian is `member`. */
  custodyOf(member: MemberId): bigint {
    return this.#custody.get(member) ?? 0n;
  }

  /** Applies what one event did. The change was worked out over exactly this state. */
  commit(change: StateChange): void {
    for (const [outpoint, output] of change.coins) {
      if (output === null) this.#coins.delete(outpoint);
      else this.#coins.add(outpoint, output);
    }
    replace(this.#restituted, change.restituted);
    for (const [owner, member] of change.enrolled) this.#coins.enrol(owner, member);
    replace(this.#revoked, change.revoked);
    replace(this.#members, change.members);
    replace(this.#windows, change.windows);
    replace(this.#reserves, change.reserves);
    replace(this.#custody, change.custody);
    this.#parameters = change.parameters;
    const { seq, inflow, boundarySupply } = change;
    this.#accounts = { seq, inflow, boundarySupply };
  }

  /**
   * Takes in a row as it is stored (state-entry.ts), over whatever its key held; `null` takes it out.
   * `loadAccounts` follows. @throws Refusal `malformed`.
   */
  put(key: Uint8Array, value: Uint8Array | null): void {
    if (key[0] === COIN) {
      this.#addCustody(this.#coins.deleteEncoded(key.subarray(1)), -1n);
      if (value !== null) this.#addCustody(this.#coins.addEncoded(key.subarray(1), value), 1n);
    } else if (value !== null) this.load(decodeStateEntry(key, value));
    else if (key[0] === RESTITUTED) this.#restituted.delete(toHex(key.subarray(1)));
    else if (key[0] === WINDOW) this.#windows.delete(windowName(key));
    else throw new Error("rows of this kind do not go");
  }

  /** Whether exactly this coin stands, by its row as it is stored. */
  holdsCoin(key: Uint8Array, value: Uint8Array): boolean {
    return key[0] === COIN && this.#coins.holdsEncoded(key.subarray(1), value);
  }

  /**
   * Everything as it lies in memory, to be written away before the state changes: what `restore` turns
   * into the same state, much faster than rows could be put in.
   */
  image(): Uint8Array[] {
    const small = [...this.fewEntries()].map(encodeStateEntry);
    const { seq, inflow, boundarySupply } = this.#accounts;
    const head = new Writer(4096).safe(seq).u128(inflow).u128(boundarySupply);
    head.u32(this.#custody.size);
    for (const [member, amount] of this.#custody) head.u16(member).u128(amount);
    head.u32(small.length);
    for (const [key, value] of small) head.short(key).long(value);
    return [head.done(), ...this.#coins.image()];
  }

  /**
   * Becomes the state of which `parts` are the image.
   * @throws Error, Refusal `malformed`: it is to be `clear`ed then.
   */
  restore(parts: Iterable<Uint8Array>): void {
    this.clear();
    const rest = parts[Symbol.iterator]();
    const head = new Reader(rest.next().value ?? new Uint8Array());
    this.#accounts = {
      seq: head.safe("seq"),
      inflow: head.u128("inflow"),
      boundarySupply: head.u128("boundarySupply"),
    };
    for (let left = head.u32("custody"); left > 0; left--) {
      this.#custody.set(head.u16("member"), head.u128("custody"));
    }
    for (let left = head.u32("entries"); left > 0; left--) {
      this.load(decodeStateEntry(head.short(0xff, "key"), head.long(0xffff, "value")));
    }
    head.end("state");
    this.#coins.restore(rest);
  }

  /** Is as it was when it was made. */
  clear(): void {
    this.#coins = new Coins(this.#seed);
    for (const rows of [this.#restituted, this.#revoked, this.#members]) rows.clear();
    for (const rows of [this.#windows, this.#reserves, this.#custody]) rows.clear();
    this.#parameters = NO_PARAMETERS;
    this.#accounts = NO_ACCOUNTS;
  }

  /** Takes in a stored entry, before `loadAccounts`. */
  load(entry: StateEntry): void {
    switch (entry.kind) {
      case "coin":
        this.#coins.add(entry.outpoint, entry.output);
        this.#addCustody(entry.output, 1n);
        return;
      case "restituted":
        this.#restituted.set(entry.outpoint, entry.timeS);
        return;
      case "enrolled":
        this.#coins.enrol(entry.owner, entry.member);
        return;
      case "revoked":
        this.#revoked.set(rowName(entry.member, entry.owner), entry.timeS);
        return;
      case "member":
        this.#members.set(entry.id, entry.member);
        return;
      case "window":
        this.#windows.set(rowName(entry.cycle, entry.member), entry.window);
        return;
      case "reserve":
        this.#reserves.set(entry.member, entry.amount);
        return;
      case "parameters":
        this.#parameters = entry.parameters;
    }
  }

  loadAccounts(accounts: Accounts): void {
    this.#accounts = accounts;
  }

  /** Everything the state root covers, in no order. */
  *entries(): Generator<StateEntry> {
    if (this.seq === 0) return;
    for (const [outpoint, output] of this.#coins.coins()) yield { kind: "coin", outpoint, output };
    for (const [owner, member] of this.#coins.enrolled()) yield { kind: "enrolled", owner, member };
    yield* this.fewEntries();
  }

  get enrolledCount(): number {
    return this.#coins.countEnrolled();
  }

  /** All but coins and enrolled owners: few. */
  *fewEntries(): Generator<StateEntry> {
    for (const [outpoint, timeS] of this.#restituted) yield { kind: "restituted", outpoint, timeS };
    for (const [name, timeS] of this.#revoked) {
      const [member, owner] = splitRowName(name);
      yield { kind: "revoked", member, owner: owner as Owner, timeS };
    }
    for (const [id, member] of this.#members) yield { kind: "member", id, member };
    for (const [name, window] of this.#windows) {
      const [cycle, member] = splitRowName(name);
      yield { kind: "window", cycle, member: Number(member), window };
    }
    for (const [member, amount] of this.#reserves) yield { kind: "reserve", member, amount };
    yield { kind: "parameters", parameters: this.#parameters };
  }

  #addCustody(holding: Holding | undefined, sign: bigint): void {
    if (holding === undefined) return;
    const { custodian, amount } = holding;
    this.#custody.set(custodian, this.custodyOf(custodian) + sign * amount);
  }
}

/** Puts the changed rows in, and takes out those that are null. */
function replace<K, V>(rows: Map<K, V>, changes: ReadonlyMap<K, V | null>): void {
  for (const [key, value] of changes) {
    if (value === null) rows.delete(key);
    else rows.set(key, value);
  }
}

export function rowName(number: number, rest: string | number): RowName {
  return `${number}/${rest}`;
}

export function splitRowName(name: RowName): readonly [number, string] {
  const slash = name.indexOf("/");
  return [Number(name.slice(0, slash)), name.slice(slash + 1)];
}

function windowName(key: Uint8Array): RowName {
  const reader = new Reader(key.subarray(1));
  return rowName(reader.safe("cycle"), reader.u16("member"));
}
