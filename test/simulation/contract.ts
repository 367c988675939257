/**
 * The settlement contracts in plain numbers: members, reserves, cycles, bonds, and what is paid for double
 * spends. They never read the ledger; what they learn of it is the checkpoint, which they check as the
 * chain would, and which records it covers.
 */
import assert from "node:assert/strict";
import type { Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import { memberStatus, type MemberStatus } from "../../protocol/rules.ts";
import type { Boundary } from "../../node/checkpoints/checkpoint-of.ts";
import type { EventBody } from "../support/ledger.ts";
import { type Chain, Disputes } from "./disputes.ts";
import { Guarantees } from "./guarantees.ts";

export const CLAIM_PERIOD_S = 4000;
const PENALTY_PERCENT = 200n;
const UNSETTLED_MAX = 8;

/** The contract for double spends under test: the right one, or one with a bug planted in it. */
export type MakeDisputes = (...of: ConstructorParameters<typeof Disputes>) => Disputes;

type Member = { readonly status: MemberStatus; readonly vaults: ReadonlySet<Owner> };

export class Contract implements Chain {
  readonly disputes: Disputes;
  readonly #clock: () => number;
  readonly #members = new Map<number, Member>();
  readonly #guarantees = new Guarantees(CLAIM_PERIOD_S);
  readonly #reserves = new Map<number, bigint>();
  readonly #inflow = new Map<number, bigint>();
  readonly #supply = new Map<number, bigint>([[0, 0n]]);
  readonly #settledAtS = new Map<number, number>();
  readonly #appliedIn = new Map<Hex, number>();
  /** Tokens that the contract for double spends holds. */
  #tokens = 0n;
  #open = 1;
  #settled = 0;

  constructor(clock: () => number, makeDisputes: MakeDisputes) {
    this.#clock = clock;
    const terms = { claimPeriodS: CLAIM_PERIOD_S, penaltyPercent: PENALTY_PERCENT };
    this.disputes = makeDisputes(this, terms);
  }

  // What disputes read.

  get timeS(): number {
    return this.#clock();
  }

  settledAtS(cycle: number): number | undefined {
    return this.#settledAtS.get(cycle);
  }

  isApplied(record: Hex, cycle: number): boolean {
    return this.#appliedIn.get(record) === cycle;
  }

  isVault(member: number, owner: Owner): boolean {
    return this.#members.get(member)!.vaults.has(owner);
  }

  guaranteeOf(member: number): bigint {
    return this.#guarantees.of(member, this.timeS);
  }

  // What is known.

  get settled(): number {
    return this.#settled;
  }

  get unsettled(): number {
    return this.#open - 1 - this.#settled;
  }

  reserveOf(bank: number): bigint {
    return this.#reserves.get(bank) ?? 0n;
  }

  /** The cycle in which a record was applied; the last settled one if it was not. */
  cycleOf(record: Hex): number {
    return this.#appliedIn.get(record) ?? this.#settled;
  }

  // What happens.

  setMember(member: number, status: MemberStatus, treasury: Owner): void {
    const vaults = this.#members.get(member)?.vaults ?? [];
    this.#members.set(member, { status, vaults: new Set([...vaults, treasury]) });
  }

  setGuarantee(member: number, amount: bigint): void {
    this.#guarantees.set(member, amount, this.timeS);
  }

  /** Nothing if the member is not active, or impaired. */
  deposit(member: number, amount: bigint): EventBody | undefined {
    const isActive = this.#members.get(member)!.status === memberStatus.active;
    if (!isActive || this.disputes.bonds.isImpaired(member)) return undefined;
    return { kind: "deposited", member, amount };
  }

  depositBond(member: number, amount: bigint): void {
    this.disputes.bonds.deposit(member, amount);
    this.#tokens += amount;
  }

  releaseBond(member: number): void {
    this.#tokens -= this.disputes.releaseBond(member);
  }

  /** Counts what an event on the log brings to the reserves, and whether bonds brought it. */
  note(body: EventBody): void {
    if (body.kind === "deposited") this.#credit(body.member, body.amount);
    if (body.kind !== "restituted" && body.kind !== "awarded") return;
    this.#credit(body.kind === "awarded" ? body.custodian : body.member, body.amount);
    this.#tokens -= body.amount;
  }

  /** Bonds are never below zero, and they and the fines are what the tokens are there for [I5]. */
  checkBonds(): void {
    const { bonds } = this.disputes;
    const accounts = [...this.#members.keys()].map((member) => bonds.account(member));
    for (const { bond, claimed } of accounts) assert.ok(bond >= 0n && claimed >= 0n);
    assert.equal(
      accounts.reduce((sum, { bond }) => sum + bond, bonds.fines),
      this.#tokens,
      "bonds and fines",
    );
  }

  /** The records that the open cycle applied, as its checkpoint will cover them. */
  noteApplied(ids: readonly Hex[]): void {
    for (const id of ids) this.#appliedIn.set(id, this.#open);
  }

  /** Closes the open cycle, unless too many wait to be settled. */
  close(): EventBody | undefined {
    if (this.unsettled === UNSETTLED_MAX) return undefined;
    return { kind: "cycle-closed", cycle: this.#open++ };
  }

  /** Takes a checkpoint as `settle` does: in order, transfers in balance, supply accounted for [I3] [I4]. */
  settle({ number, supply, positions }: Boundary): EventBody {
    assert.equal(number, this.#settled + 1);
    let burnt = 0n;
    let moved = 0n;
    for (const { member, delta, withdrawn } of positions) {
      const reserve = this.reserveOf(member) + delta - withdrawn;
      assert.ok(reserve >= 0n, `the reserve of ${member} would be ${reserve}`);
      this.#reserves.set(member, reserve);
      burnt += withdrawn;
      moved += delta;
    }
    assert.equal(moved, 0n, "transfers of a checkpoint are in balance [I3]");
    const expected = this.#supply.get(number - 1)! + (this.#inflow.get(number) ?? 0n) - burnt;
    assert.equal(supply, expected, "the supply of a checkpoint is accounted for [I4]");
    this.#supply.set(number, supply);
    this.#settled = number;
    this.#settledAtS.set(number, this.timeS);
    return { kind: "settled", cycle: number };
  }

  #credit(bank: number, amount: bigint): void {
    this.#reserves.set(bank, this.reserveOf(bank) + amount);
    this.#inflow.set(this.#open, (this.#inflow.get(this.#open) ?? 0n) + amount);
  }
}
