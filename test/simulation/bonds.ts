/**
 * The members' bonds as the contract keeps them, in plain numbers: what they hold, the debts that wait for
 * them, oldest first, and the fines behind those. Paying a debt makes a coin; a debt that waits impairs.
 */
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { MemberId, Outpoint } from "../../protocol/output.ts";
import type { EventBody } from "../support/ledger.ts";

/** What the contract refuses, by the name it gives. */
export class DisputesRefusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.name = "DisputesRefusal";
    this.code = code;
  }
}

/** A coin to be made: once more for a losing record, or anew by a ruling. */
export type Debt = {
  readonly lost: { readonly outpoint: Outpoint; readonly loser: Hex } | undefined;
  readonly owner: Owner;
  readonly member: MemberId;
  readonly amount: bigint;
};

export type Account = {
  bond: bigint;
  readonly queue: Debt[];
  /** Fines not paid yet. */
  fines: bigint;
  /** What open cases ask for. */
  claimed: bigint;
  leaving: bigint;
  leavesAtS: number;
};

export type Terms = { readonly claimPeriodS: number; readonly penaltyPercent: bigint };

export type PairState = "queued" | "restituted";

export class Bonds {
  readonly #accounts = new Map<MemberId, Account>();
  readonly #pairs = new Map<string, PairState>();
  readonly #penaltyPercent: bigint;
  readonly #claimPeriodS: number;
  /** Fines that were paid. */
  fines = 0n;

  constructor({ penaltyPercent, claimPeriodS }: Terms) {
    this.#penaltyPercent = penaltyPercent;
    this.#claimPeriodS = claimPeriodS;
  }

  account(member: MemberId): Account {
    const known = this.#accounts.get(member);
    if (known !== undefined) return known;
    const none = { bond: 0n, queue: [], fines: 0n, claimed: 0n, leaving: 0n, leavesAtS: 0 };
    this.#accounts.set(member, none);
    return none;
  }

  isImpaired(member: MemberId): boolean {
    return this.account(member).queue.length > 0;
  }

  stateOf(outpoint: Outpoint, record: Hex): PairState | undefined {
    return this.#pairs.get(`${outpoint} ${record}`);
  }

  deposit(member: MemberId, amount: bigint): void {
    this.account(member).bond += amount;
  }

  /** Asks for no more back than there is. */
  requestRelease(member: MemberId, amount: bigint, timeS: number): void {
    const account = this.account(member);
    account.leaving = amount < account.bond ? amount : account.bond;
    account.leavesAtS = timeS + this.#claimPeriodS;
  }

  /** What a bond holds beyond what it is needed for: the minimum, debts, fines, open cases. Below zero if short. */
  spareOf(member: MemberId, guarantee: bigint): bigint {
    const { bond, queue, fines, claimed } = this.account(member);
    const queued = queue.reduce((sum, { amount }) => sum + amount, 0n);
    return bond - (guarantee + this.#penaltyOn(guarantee) + queued + fines + claimed);
  }

  /** Gives back what was asked for, as far as it is not needed. */
  release(member: MemberId, timeS: number, guarantee: bigint): bigint {
    const account = this.account(member);
    const { leaving, leavesAtS } = account;
    if (leaving === 0n) throw new DisputesRefusal("DisputesNoRelease");
    if (timeS < leavesAtS) throw new DisputesRefusal("DisputesReleaseTooEarly");
    if (timeS > leavesAtS + this.#claimPeriodS) throw new DisputesRefusal("DisputesReleaseTooLate");
    const spare = this.spareOf(member, guarantee);
    if (spare <= 0n) throw new DisputesRefusal("DisputesBondNeeded");
    const amount = leaving < spare ? leaving : spare;
    account.bond -= amount;
    account.leaving = 0n;
    return amount;
  }

  /** Pays a debt if the bond reaches and nothing waits before it; queues it otherwise. */
  charge(payer: MemberId, debt: Debt, timeS: number): EventBody[] {
    const account = this.account(payer);
    if (account.queue.length > 0 || account.bond < debt.amount) {
      account.queue.push(debt);
      this.#setPair(debt, "queued");
      return [];
    }
    return [this.#pay(payer, debt, timeS)];
  }

  /** Fines a member for a double spend of this amount, behind its queue. */
  fine(member: MemberId, amount: bigint): void {
    this.account(member).fines += this.#penaltyOn(amount);
    this.#payFines(member);
  }

  payQueue(member: MemberId, max: number, timeS: number): EventBody[] {
    const account = this.account(member);
    const events: EventBody[] = [];
    while (events.length < max && account.queue.length > 0) {
      if (account.bond < account.queue[0]!.amount) break;
      events.push(this.#pay(member, account.queue.shift()!, timeS));
    }
    const fined = this.#payFines(member);
    if (events.length === 0 && fined === 0n) throw new DisputesRefusal("DisputesNothingToPay");
    return events;
  }

  #pay(payer: MemberId, debt: Debt, timeS: number): EventBody {
    const { lost, member, amount } = debt;
    this.account(payer).bond -= amount;
    this.#setPair(debt, "restituted");
    const owner = fromHex(debt.owner);
    if (lost === undefined)
      return { kind: "awarded", member: payer, owner, custodian: member, amount };
    const bytes = { outpoint: fromHex(lost.outpoint), loser: fromHex(lost.loser), owner };
    return { kind: "restituted", ...bytes, member, amount, timeS };
  }

  #payFines(member: MemberId): bigint {
    const account = this.account(member);
    if (account.queue.length > 0) return 0n;
    const paid = account.fines < account.bond ? account.fines : account.bond;
    account.fines -= paid;
    account.bond -= paid;
    this.fines += paid;
    return paid;
  }

  #setPair({ lost }: Debt, state: PairState): void {
    if (lost !== undefined) this.#pairs.set(`${lost.outpoint} ${lost.loser}`, state);
  }

  #penaltyOn(amount: bigint): bigint {
    return (amount * this.#penaltyPercent) / 100n;
  }
}
