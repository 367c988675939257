/**
 * What one event does to the ledger: worked out whole over the state as it was, stored in one batch,
 * and only then applied to memory. Until that moment nothing has changed.
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../../protocol/output.ts";
import type { RefusalCode } from "../../protocol/refusal.ts";
import type { History, LedgerView, Member } from "../../protocol/rules.ts";
import type { Parameters, Window } from "../../protocol/state-entry.ts";
import { type LedgerState, NO_WINDOW, type RowName, rowName, type StateChange } from "./state.ts";

/** What became of one leaf of a batch. */
export type Outcome = {
  readonly leafHash: Hex;
  /** Id of the record or enrolment; absent if the bytes are no leaf. */
  readonly id: Hex | undefined;
  readonly code: "applied" | RefusalCode;
  readonly detail: string;
};

/** A change over a state, read through like a state: later leaves of a batch see what earlier ones did. */
export class Change implements LedgerView, History, StateChange {
  readonly #state: LedgerState;
  readonly #history: History;
  readonly seq: number;

  readonly coins = new Map<Outpoint, Output | null>();
  /** Coins of the state that are taken, as they were; one that this event makes and takes was never there. */
  readonly taken = new Map<Outpoint, Output>();
  readonly restituted = new Map<Outpoint, number | null>();
  readonly enrolled = new Map<Owner, MemberId>();
  /** Ids of the enrolments applied by this event. */
  readonly enrolments = new Map<Owner, Hex>();
  readonly revoked = new Map<RowName, number>();
  readonly members = new Map<MemberId, Member>();
  readonly windows = new Map<RowName, Window | null>();
  readonly reserves = new Map<MemberId, bigint>();
  readonly custody = new Map<MemberId, bigint>();
  parameters: Parameters;
  inflow: bigint;
  boundarySupply: bigint;
  /** Ids of the records applied by this event, in order, and who took which coin. */
  readonly applied: Hex[] = [];
  readonly spenders = new Map<Outpoint, Hex>();
  readonly outcomes: Outcome[] = [];
  readonly #appliedIds = new Set<Hex>();
  readonly #repeated = new Set<Hex>();

  constructor(state: LedgerState, history: History, seq: number) {
    this.#state = state;
    this.#history = history;
    this.seq = seq;
    this.parameters = state.parameters;
    this.inflow = state.inflow;
    this.boundarySupply = state.boundarySupply;
  }

  get reclaimDelayS(): number {
    return this.parameters.reclaimDelayS;
  }

  coin(outpoint: Outpoint): Output | undefined {
    const changed = this.coins.get(outpoint);
    return changed === undefined ? this.#state.coin(outpoint) : (changed ?? undefined);
  }

  restitutedAtS(outpoint: Outpoint): number | undefined {
    const changed = this.restituted.get(outpoint);
    return changed === undefined ? this.#state.restitutedAtS(outpoint) : (changed ?? undefined);
  }

  custodianOf(owner: Owner): MemberId | undefined {
    return this.enrolled.get(owner) ?? this.#state.custodianOf(owner);
  }

  revokedAtS(member: MemberId, owner: Owner): number | undefined {
    return this.revoked.get(rowName(member, owner)) ?? this.#state.revokedAtS(member, owner);
  }

  member(id: MemberId): Member | undefined {
    return this.members.get(id) ?? this.#state.member(id);
  }

  memberIds(): MemberId[] {
    return [...new Set([...this.#state.memberIds(), ...this.members.keys()])].sort((a, b) => a - b);
  }

  window(cycle: number, member: MemberId): Window {
    const changed = this.windows.get(rowName(cycle, member));
    return changed === undefined ? this.#state.window(cycle, member) : (changed ?? NO_WINDOW);
  }

  reserveOf(member: MemberId): bigint {
    return this.reserves.get(member) ?? this.#state.reserveOf(member);
  }

  custodyOf(member: MemberId): bigint {
    return this.custody.get(member) ?? this.#state.custodyOf(member);
  }

  hasApplied(recordId: Hex): boolean {
    return this.#appliedIds.has(recordId) || this.#history.hasApplied(recordId);
  }

  /** Whether a record that this event applied had applied before, through the coins it names or a replacement. */
  isRepeated(recordId: Hex): boolean {
    return this.#repeated.has(recordId);
  }

  spenderOf(outpoint: Outpoint): Hex | undefined {
    return this.spenders.get(outpoint) ?? this.#history.spenderOf(outpoint);
  }

  /** A coin comes to stand. */
  makeCoin(outpoint: Outpoint, output: Output): void {
    this.coins.set(outpoint, output);
    this.#addCustody(output.custodian, output.amount);
  }

  /** A coin is taken by the record `spender`. */
  takeCoin(outpoint: Outpoint, output: Output, spender: Hex): void {
    if (!this.coins.has(outpoint)) this.taken.set(outpoint, output);
    this.coins.set(outpoint, null);
    this.spenders.set(outpoint, spender);
    if (output.lock === lock.replacement) this.restituted.set(outpoint, null);
    this.#addCustody(output.custodian, -output.amount);
  }

  /** Money moves to a member's custody in the open cycle, or from it if negative. */
  transfer(member: MemberId, amount: bigint): void {
    const cycle = this.parameters.openCycle;
    const { delta, burns } = this.window(cycle, member);
    this.#setWindow(cycle, member, { delta: delta + amount, burns });
  }

  /** Money leaves the ledger in the open cycle; the transfer to the member that burns it is counted beside. */
  burn(member: MemberId, amount: bigint): void {
    const cycle = this.parameters.openCycle;
    const { delta, burns } = this.window(cycle, member);
    this.#setWindow(cycle, member, { delta, burns: burns + amount });
  }

  /** New money backs a member's coins. */
  addReserve(member: MemberId, amount: bigint): void {
    this.reserves.set(member, this.reserveOf(member) + amount);
    this.inflow += amount;
  }

  /** The sum of all coins. */
  supply(): bigint {
    return this.memberIds().reduce((sum, member) => sum + this.custodyOf(member), 0n);
  }

  revoke(member: MemberId, owner: Owner, timeS: number): void {
    this.revoked.set(rowName(member, owner), timeS);
  }

  dropWindow(cycle: number, member: MemberId): void {
    this.#setWindow(cycle, member, NO_WINDOW);
  }

  /** @param throughReplacement whether it took a replacement coin: only then can it have applied before. */
  recordApplied(id: Hex, throughReplacement: boolean): void {
    if (throughReplacement && this.hasApplied(id)) this.#repeated.add(id);
    this.applied.push(id);
    this.#appliedIds.add(id);
  }

  #setWindow(cycle: number, member: MemberId, window: Window): void {
    const isEmpty = window.delta === 0n && window.burns === 0n;
    this.windows.set(rowName(cycle, member), isEmpty ? null : window);
  }

  #addCustody(member: MemberId, amount: bigint): void {
    this.custody.set(member, this.custodyOf(member) + amount);
  }
}
