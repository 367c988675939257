/**
 * The contract for double spends and cases, as facts instead of bytes: who is told what is checked in the
 * contract's order, refused by the contract's names, and led to the events that the ledger folds. The
 * contract itself runs beside it in test/contracts/disputes-differential.test.ts.
 */
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../../protocol/output.ts";
import type { RecordKind } from "../../protocol/record.ts";
import type { EventBody } from "../support/ledger.ts";
import { Bonds, type Debt, DisputesRefusal, type Terms } from "./bonds.ts";

/** What a record says of a coin. */
export type SpendFacts = {
  readonly id: Hex;
  readonly kind: RecordKind;
  /** Whether the coin is among its inputs. */
  readonly isNaming: boolean;
};

export type DoubleSpend = {
  readonly outpoint: Outpoint;
  /** What the parent made at the outpoint; absent if it has no such output. */
  readonly coin: Output | undefined;
  readonly loser: SpendFacts & { readonly signer: Owner; readonly isSigned: boolean };
  readonly winner: SpendFacts;
  /** In which the winner is said to have been applied. */
  readonly cycle: number;
};

/** A receipt or a certificate that is said to be false. */
export type Statement = {
  readonly kind: "receipt" | "certificate";
  readonly subject: string;
  /** The member that signed it. */
  readonly member: MemberId;
  /** What it was good for. */
  readonly most: bigint;
};

export type Award = {
  readonly owner: Owner;
  readonly member: MemberId;
  readonly amount: bigint;
};

/** What disputes read of the other contracts. */
export interface Chain {
  readonly timeS: number;
  /** When a cycle settled; absent while it has not. */
  settledAtS(cycle: number): number | undefined;
  /** Whether the record is under the applied root of the cycle. */
  isApplied(record: Hex, cycle: number): boolean;
  /** Whether the owner is of a treasury key that the member has or had. */
  isVault(member: MemberId, owner: Owner): boolean;
  /** The most that is paid for a device of the member, as it is in force now. */
  guaranteeOf(member: MemberId): bigint;
}

type Status = "opened" | "answered" | "ruled" | "enforced" | "dismissed" | "lapsed";

type Claim = {
  readonly claimant: MemberId;
  readonly accused: MemberId;
  /** What it is on: a pair, or a statement. */
  readonly subject: string;
  readonly about: DoubleSpend | Statement;
  readonly debts: readonly Debt[];
};

type Case = Claim & { status: Status; deadlineS: number };

export class Disputes {
  readonly bonds: Bonds;
  protected readonly chain: Chain;
  readonly #terms: Terms;
  readonly #covered = new Map<Owner, bigint>();
  /** Coins whose winner is a reclaim and that were reported. */
  readonly #reclaims = new Set<Outpoint>();
  readonly #cases: Case[] = [];
  readonly #awarded = new Map<string, bigint>();

  constructor(chain: Chain, terms: Terms) {
    this.chain = chain;
    this.#terms = terms;
    this.bonds = new Bonds(terms);
  }

  requestRelease(member: MemberId, amount: bigint): void {
    this.bonds.requestRelease(member, amount, this.chain.timeS);
  }

  /** @returns what leaves the bond. */
  releaseBond(member: MemberId): bigint {
    return this.bonds.release(member, this.chain.timeS, this.chain.guaranteeOf(member));
  }

  payQueue(member: MemberId, max: number): EventBody[] {
    return this.bonds.payQueue(member, max, this.chain.timeS);
  }

  report(proof: DoubleSpend): EventBody[] {
    const coin = this.#check(proof);
    if (this.#isLate(proof)) throw new DisputesRefusal("DisputesTooLate");
    this.checkPairs(proof);
    if (this.#isCounted(proof, coin)) {
      if (this.#isAboveGuarantee(coin)) throw new DisputesRefusal("DisputesAboveGuarantee");
      this.#covered.set(coin.owner, this.coveredWith(coin));
    }
    if (proof.winner.kind === "reclaim") {
      if (!this.canSpare(coin)) throw new DisputesRefusal("DisputesBondNeeded");
      this.#reclaims.add(proof.outpoint);
    }
    return this.#restitute(proof, coin);
  }

  /** Opens a case and gives its number. */
  openDoubleSpend(claimant: MemberId, proof: DoubleSpend): number {
    const coin = this.#check(proof);
    this.checkPairs(proof);
    const isAbove = this.#isCounted(proof, coin) && this.#isAboveGuarantee(coin);
    const isShort = proof.winner.kind === "reclaim" && !this.canSpare(coin);
    if (!this.#isLate(proof) && !isAbove && !isShort)
      throw new DisputesRefusal("DisputesReportable");
    const subject = `${proof.outpoint} ${proof.loser.id}`;
    return this.#open({
      claimant,
      subject,
      accused: coin.custodian,
      about: proof,
      debts: [debtOf(proof, coin)],
    });
  }

  openStatement(claimant: MemberId, statement: Statement, awards: readonly Award[]): number {
    if (this.#awardedWith(statement, awards) > statement.most)
      throw new DisputesRefusal("DisputesAboveStatement");
    const debts = awards.map((award) => ({ ...award, lost: undefined }));
    const { kind, subject, member: accused } = statement;
    return this.#open({
      claimant,
      subject: `${kind} ${subject}`,
      accused,
      about: statement,
      debts,
    });
  }

  answer(number: number): void {
    const pending = this.#caseIn(number, "opened");
    if (this.chain.timeS > pending.deadlineS) throw new DisputesRefusal("DisputesDeadlinePassed");
    pending.status = "answered";
    pending.deadlineS = this.chain.timeS + this.#terms.claimPeriodS;
  }

  rule(number: number, isUpheld: boolean): void {
    const pending = this.#caseIn(number, "opened", "answered");
    if (!isUpheld) return this.#end(pending, "dismissed");
    const isOpened = pending.status === "opened";
    if (isOpened && this.chain.timeS <= pending.deadlineS)
      throw new DisputesRefusal("DisputesDeadlineAhead");
    const lastS = pending.deadlineS + (isOpened ? this.#terms.claimPeriodS : 0);
    if (this.chain.timeS > lastS) throw new DisputesRefusal("DisputesDeadlinePassed");
    pending.status = "ruled";
  }

  ruleUnanswered(number: number): void {
    const pending = this.#caseIn(number, "opened");
    if (!("most" in pending.about)) throw new DisputesRefusal("DisputesNeedsRuling");
    if (this.chain.timeS <= pending.deadlineS) throw new DisputesRefusal("DisputesDeadlineAhead");
    if (this.#askedWith(pending, pending.about) > pending.about.most)
      throw new DisputesRefusal("DisputesRivalClaims");
    // What the case asks for is among what is needed.
    if (this.#spareOf(pending.accused) < 0n) throw new DisputesRefusal("DisputesBondNeeded");
    pending.status = "ruled";
  }

  lapse(number: number): void {
    const pending = this.#caseIn(number, "opened", "answered");
    const isOpened = pending.status === "opened";
    const lastS = pending.deadlineS + (isOpened ? this.#terms.claimPeriodS : 0);
    if (this.chain.timeS <= lastS) throw new DisputesRefusal("DisputesDeadlineAhead");
    this.#end(pending, "lapsed");
  }

  enforce(number: number): EventBody[] {
    const ruled = this.#caseIn(number, "ruled");
    const { about, accused, debts } = ruled;
    if (!("most" in about)) {
      const isOvertaken = this.bonds.stateOf(about.outpoint, about.loser.id) !== undefined;
      this.#end(ruled, isOvertaken ? "lapsed" : "enforced");
      return isOvertaken ? [] : this.#restitute(about, about.coin!);
    }
    const awarded = this.#awardedWith(about, debts);
    this.#end(ruled, awarded > about.most ? "lapsed" : "enforced");
    if (awarded > about.most) return [];
    this.#awarded.set(about.subject, awarded);
    return debts.flatMap((debt) => this.bonds.charge(accused, debt, this.chain.timeS));
  }

  /** By number, from 1. */
  statuses(): readonly Status[] {
    return this.#cases.map(({ status }) => status);
  }

  /** The member whose bond a case asks; undefined if there is no such case. */
  accusedOf(number: number): MemberId | undefined {
    return this.#cases[number - 1]?.accused;
  }

  /** What reports were paid or queued for a device. */
  coveredOf(owner: Owner): bigint {
    return this.#covered.get(owner) ?? 0n;
  }

  statusOf(number: number): Status {
    return this.#cases[number - 1]!.status;
  }

  /** (a) to (c), but for the claim period, which a ruling waives. */
  #check({ coin, loser, winner, cycle }: DoubleSpend): Output {
    if (coin === undefined) throw new DisputesRefusal("DisputesNoSuchOutput");
    if (coin.lock !== lock.key) throw new DisputesRefusal("DisputesWrongLock");
    if (loser.kind !== "spend") throw new DisputesRefusal("DisputesLoserNotSpend");
    if (!loser.isNaming) throw new DisputesRefusal("DisputesCoinNotNamed");
    if (loser.signer !== coin.owner) throw new DisputesRefusal("DisputesNotOwner");
    if (!loser.isSigned) throw new DisputesRefusal("DisputesBadSignature");
    this.checkWinner(winner);
    if (winner.id === loser.id) throw new DisputesRefusal("DisputesSameRecord");
    if (!winner.isNaming) throw new DisputesRefusal("DisputesCoinNotNamed");
    if (this.chain.settledAtS(cycle) === undefined) throw new DisputesRefusal("DisputesNotSettled");
    if (!this.chain.isApplied(winner.id, cycle)) throw new DisputesRefusal("DisputesNotApplied");
    return coin;
  }

  protected checkWinner({ kind }: SpendFacts): void {
    if (kind === "claim") throw new DisputesRefusal("DisputesWinnerNotSpend");
  }

  /** (d) Neither record was given the coin before: reports cannot be repeated, nor turned round. */
  protected checkPairs({ outpoint, loser, winner }: DoubleSpend): void {
    for (const { id } of [loser, winner]) {
      if (this.bonds.stateOf(outpoint, id) !== undefined)
        throw new DisputesRefusal("DisputesPairTaken");
    }
  }

  #isLate({ cycle }: DoubleSpend): boolean {
    return this.chain.timeS > this.chain.settledAtS(cycle)! + this.#terms.claimPeriodS;
  }

  /** (e) */
  #isCounted({ outpoint, winner }: DoubleSpend, { custodian, owner }: Output): boolean {
    if (winner.kind === "reclaim" && !this.#reclaims.has(outpoint)) return false;
    return !this.chain.isVault(custodian, owner);
  }

  #isAboveGuarantee(coin: Output): boolean {
    return this.coveredWith(coin) > this.chain.guaranteeOf(coin.custodian);
  }

  protected coveredWith({ owner, amount }: Output): bigint {
    return (this.#covered.get(owner) ?? 0n) + amount;
  }

  /** (f) Whether the bond holds the coin beside all that it is needed for. */
  protected canSpare({ custodian, amount }: Output): boolean {
    return this.#spareOf(custodian) >= amount;
  }

  #spareOf(member: MemberId): bigint {
    return this.bonds.spareOf(member, this.chain.guaranteeOf(member));
  }

  #restitute(proof: DoubleSpend, coin: Output): EventBody[] {
    const { custodian: member, amount } = coin;
    const { timeS } = this.chain;
    const paid = this.bonds.charge(member, debtOf(proof, coin), timeS);
    if (proof.winner.kind === "reclaim") return paid;
    this.bonds.fine(member, amount);
    return [...paid, { kind: "revoked", member, owner: fromHex(coin.owner), timeS }];
  }

  #open(opened: Claim): number {
    const { claimant, accused, subject, debts } = opened;
    if (claimant === accused) throw new DisputesRefusal("DisputesOwnCase");
    const last = this.#cases.findLast(
      ({ claimant: by, subject: of }) => by === claimant && of === subject,
    );
    if (last?.status === "dismissed") throw new DisputesRefusal("DisputesRuledAgainst");
    if (last !== undefined && !isEnded(last.status))
      throw new DisputesRefusal("DisputesCasePending");
    this.bonds.account(accused).claimed += worth(debts);
    const deadlineS = this.chain.timeS + this.#terms.claimPeriodS;
    return this.#cases.push({ ...opened, status: "opened", deadlineS });
  }

  #end(ended: Case, status: Status): void {
    ended.status = status;
    this.bonds.account(ended.accused).claimed -= worth(ended.debts);
  }

  #caseIn(number: number, ...statuses: readonly Status[]): Case {
    const known = this.#cases[number - 1];
    if (known === undefined || !statuses.includes(known.status))
      throw new DisputesRefusal("DisputesWrongStatus");
    return known;
  }

  /** What was awarded for a statement, and what cases ask that have not ended. */
  #askedWith({ subject: on }: Case, statement: Statement): bigint {
    const pending = this.#cases.filter(({ subject, status }) => subject === on && !isEnded(status));
    return this.#awardedWith(
      statement,
      pending.flatMap(({ debts }) => debts),
    );
  }

  #awardedWith({ subject }: Statement, awards: readonly { readonly amount: bigint }[]): bigint {
    return (this.#awarded.get(subject) ?? 0n) + worth(awards);
  }
}

function isEnded(status: Status): boolean {
  return status === "enforced" || status === "dismissed" || status === "lapsed";
}

function debtOf({ outpoint, loser }: DoubleSpend, coin: Output): Debt {
  const { owner, custodian: member, amount } = coin;
  return { lost: { outpoint, loser: loser.id }, owner, member, amount };
}

function worth(rows: readonly { readonly amount: bigint }[]): bigint {
  return rows.reduce((sum, { amount }) => sum + amount, 0n);
}
