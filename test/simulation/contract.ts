/**
 * The settlement contracts in a few lines: reserves, bonds, cycles, and what is paid for double spends.
 * It never reads the ledger; what it learns of it is the checkpoint, which it checks as the chain would.
 */
import assert from "node:assert/strict";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Outpoint } from "../../protocol/output.ts";
import type { Boundary } from "../../node/checkpoints/checkpoint-of.ts";
import type { EventBody } from "../support/ledger.ts";

/** A coin that two records spent: who gets what, from whose bond. */
export type Report = {
  readonly outpoint: Outpoint;
  readonly owner: Owner;
  readonly bank: number;
  readonly amount: bigint;
  readonly loser: Hex;
  readonly winner: Hex;
  readonly winnerIsReclaim: boolean;
  /** The cycle in which the winner applied. */
  readonly winnerCycle: number;
  /** Whether the owner is a treasury key of the bank. */
  readonly isVault: boolean;
};

const UNSETTLED_MAX = 8;

export class Contract {
  readonly #reserves = new Map<number, bigint>();
  readonly #inflow = new Map<number, bigint>();
  readonly #supply = new Map<number, bigint>([[0, 0n]]);
  readonly #pairs = new Set<string>();
  readonly #covered = new Map<Owner, bigint>();
  readonly #guarantee: bigint;
  #open = 1;
  #settled = 0;

  /** @param guarantee the most that is paid per device without a ruling. */
  constructor(guarantee: bigint) {
    this.#guarantee = guarantee;
  }

  get settled(): number {
    return this.#settled;
  }

  get unsettled(): number {
    return this.#open - 1 - this.#settled;
  }

  reserveOf(bank: number): bigint {
    return this.#reserves.get(bank) ?? 0n;
  }

  deposit(member: number, amount: bigint): EventBody {
    this.#back(member, amount);
    return { kind: "deposited", member, amount };
  }

  award(member: number, owner: Owner, custodian: number, amount: bigint): EventBody {
    this.#back(custodian, amount);
    return { kind: "awarded", member, owner: fromHex(owner), custodian, amount };
  }

  /** What a report leads to; nothing if it is refused. A ruling waives the guarantee. */
  report(report: Report, timeS: number, isRuled: boolean): EventBody[] {
    const { outpoint, owner, bank: member, amount, loser, winner, winnerIsReclaim } = report;
    if (loser === winner || report.winnerCycle > this.#settled) return [];
    if ([loser, winner].some((id) => this.#pairs.has(`${outpoint} ${id}`))) return [];
    if (!winnerIsReclaim && !report.isVault) {
      const covered = (this.#covered.get(owner) ?? 0n) + amount;
      if (covered > this.#guarantee && !isRuled) return [];
      this.#covered.set(owner, covered);
    }
    this.#pairs.add(`${outpoint} ${loser}`);
    this.#back(member, amount);
    const bytes = { outpoint: fromHex(outpoint), loser: fromHex(loser), owner: fromHex(owner) };
    const paid: EventBody = { kind: "restituted", ...bytes, member, amount, timeS };
    const revoked: EventBody = { kind: "revoked", member, owner: bytes.owner, timeS };
    return winnerIsReclaim ? [paid] : [paid, revoked];
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
    return { kind: "settled", cycle: number };
  }

  #back(bank: number, amount: bigint): void {
    this.#reserves.set(bank, this.reserveOf(bank) + amount);
    this.#inflow.set(this.#open, (this.#inflow.get(this.#open) ?? 0n) + amount);
  }
}
