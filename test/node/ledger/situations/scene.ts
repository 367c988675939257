/**
 * Where situations are played: the real fold, and beside it the contract for double spends as a model of
 * facts. What the contract pays becomes events of the ledger, in the order in which it would emit them.
 */
import assert from "node:assert/strict";
import type { Hex } from "../../../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../../../protocol/key.ts";
import type { MemberId } from "../../../../protocol/output.ts";
import type { NodeSigner } from "../../../../protocol/p256-node.ts";
import { checkRecordSignature, type SignedRecord } from "../../../../protocol/record.ts";
import { isRefusal } from "../../../../protocol/refusal.ts";
import type { Change } from "../../../../node/ledger/change.ts";
import type { SequencedLeaf } from "../../../../node/ledger/fold.ts";
import { DisputesRefusal } from "../../../simulation/bonds.ts";
import { type Chain, Disputes, type DoubleSpend } from "../../../simulation/disputes.ts";
import { Guarantees } from "../../../simulation/guarantees.ts";
import { context, type EventBody, TestLedger } from "../../../support/ledger.ts";
import { type Coin, idOf, networkId, pay, reclaim } from "../../../support/ledger-parts.ts";

export const CLAIM_PERIOD_S = 30 * 24 * 60 * 60;
const PENALTY_PERCENT = 200n;

export class Scene extends TestLedger implements Chain {
  readonly #settledAtS = new Map<number, number>();
  readonly #appliedIn = new Map<Hex, number>();
  readonly #guarantees = new Guarantees(CLAIM_PERIOD_S);
  readonly disputes = new Disputes(this, {
    claimPeriodS: CLAIM_PERIOD_S,
    penaltyPercent: PENALTY_PERCENT,
  });
  /** What bonds have paid for coins, over all. */
  paid = 0n;

  /** Banks 1 and 2, each with a bond and a guarantee of 1,000, and bank 3, which has neither. */
  static open(guarantee = 1000n, bond = 10_000n): Scene {
    const scene = new Scene(1, 2, 3);
    for (const bank of [1, 2]) {
      scene.guarantee(bank, guarantee);
      scene.disputes.bonds.deposit(bank, bond);
    }
    return scene;
  }

  // What disputes read of the chain.

  settledAtS(cycle: number): number | undefined {
    return this.#settledAtS.get(cycle);
  }

  isApplied(record: Hex, cycle: number): boolean {
    return this.#appliedIn.get(record) === cycle;
  }

  isVault(member: MemberId, owner: Owner): boolean {
    return this.state.member(member)!.treasuryOwners.includes(owner);
  }

  guaranteeOf(member: MemberId): bigint {
    return this.#guarantees.of(member, this.timeS);
  }

  // What happens.

  guarantee(member: MemberId, amount: bigint): void {
    this.#guarantees.set(member, amount, this.timeS);
  }

  override take(body: EventBody, leaves: readonly SequencedLeaf[] = []): Change {
    const change = super.take(body, leaves);
    for (const id of change.applied) this.#appliedIn.set(id, change.parameters.openCycle);
    if (body.kind === "restituted" || body.kind === "awarded") this.paid += body.amount;
    return change;
  }

  override settle(): void {
    super.settle();
    this.#settledAtS.set(this.state.parameters.settledCycle, this.timeS);
  }

  /** The open cycle ends, and settles at once. */
  settleCycle(): void {
    this.closeCycle();
    this.settle();
  }

  /** What the contract is shown, in facts. */
  proof(coin: Coin, loser: SignedRecord, winner: SignedRecord): DoubleSpend {
    return {
      outpoint: coin.outpoint,
      coin: coin.output,
      loser: { ...factsOf(coin, loser), signer: ownerOf(loser.signer), isSigned: isSigned(loser) },
      winner: factsOf(coin, winner),
      cycle: this.#appliedIn.get(idOf(winner)) ?? this.state.parameters.settledCycle,
    };
  }

  /** A member reports that `loser` lost the coin to `winner`; what follows is folded. */
  report(coin: Coin, loser: SignedRecord, winner: SignedRecord): void {
    this.fold(this.disputes.report(this.proof(coin, loser, winner)));
  }

  /** A report that the contract refuses by this name, and that changes nothing. */
  refuseReport(code: string, proof: DoubleSpend): void {
    const before = this.state.seq;
    assert.throws(() => this.disputes.report(proof), isRefused(code));
    assert.equal(this.state.seq, before);
  }

  fold(events: readonly EventBody[]): void {
    for (const body of events) this.take(body);
  }

  /** Pays what waits, as far as the bond reaches. */
  payQueue(member: MemberId, max = 64): void {
    this.fold(this.disputes.payQueue(member, max));
  }

  /** What the coins of a key are worth. */
  balanceOf(key: NodeSigner): bigint {
    let sum = 0n;
    for (const [, { amount }] of this.state.coinsOf(ownerOf(key.publicKey))) sum += amount;
    return sum;
  }

  /** A member takes these coins of one of its revoked devices back. */
  async takeBack(member: MemberId, ...coins: readonly Coin[]): Promise<SignedRecord> {
    const { treasury: signer } = this.bank(member);
    const worth = coins.reduce((sum, { output }) => sum + output.amount, 0n);
    return reclaim({ signer, inputs: coins, outputs: [pay(signer, member, worth)] });
  }

  /** The coins of a key as the ledger has them. */
  coinsOf(key: NodeSigner): Coin[] {
    const coins = [...this.state.coinsOf(ownerOf(key.publicKey))];
    return coins.map(([outpoint, output]) => ({ outpoint, output }));
  }
}

/** Whether the contract refused by this name. */
export function isRefused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DisputesRefusal && error.code === code;
}

/** Every order of the rows. */
export function ordersOf<T>(rows: readonly T[]): T[][] {
  if (rows.length === 0) return [[]];
  return rows.flatMap((row, i) => ordersOf(rows.toSpliced(i, 1)).map((rest) => [row, ...rest]));
}

function factsOf({ outpoint }: Coin, record: SignedRecord) {
  const { kind, inputs } = record;
  return { id: idOf(record), kind, isNaming: inputs.includes(outpoint) };
}

function isSigned(record: SignedRecord): boolean {
  try {
    checkRecordSignature(networkId, record, context.verifier);
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
}
