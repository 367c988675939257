/**
 * Sees each conflict through to its end: waits until the winner's cycle has settled, reports the double
 * spend once for the whole consortium, and hands the loser in again when its coin exists once more. What the
 * contract refuses for now is asked again; what it refuses for good is a case, and stands so in the book for
 * those who ask. What is queued is paid by queue-payer.ts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import { leafHash } from "../../protocol/leaf.ts";
import type { Amount } from "../../protocol/money.ts";
import { type MemberId, type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { DoubleSpendProof, PairState } from "../chain/disputes.ts";
import type { Directory } from "../directory.ts";
import type { PendingPool } from "../pending-pool.ts";
import type { Folded, Replica } from "../replica.ts";
import type { Logger } from "../service/telemetry.ts";
import { DamagedStoreError, StoreWriteError } from "../service/store-errors.ts";
import { untilAborted } from "../service/until-aborted.ts";
import type { AppliedProofs } from "./applied-proofs.ts";
import { type Conflict, isEnded, type Stage } from "./conflict.ts";
import type { ConflictBook } from "./conflict-book.ts";
import { DUE, standingOf } from "./standing.ts";
import { turnOf } from "./turns.ts";

/** Why the contract says no, in its own words. */
export type ContractRefusal = { readonly name: string; readonly detail: string };

/** The contract that pays, as it is asked and told. What throws is the world's, and is tried again. */
export interface DisputesDesk {
  pairState(outpoint: Outpoint, record: Hex): Promise<PairState>;
  /** How much more would be paid for an owner's device: its bank's guarantee less what was. */
  leftOf(owner: Owner, custodian: MemberId): Promise<Amount>;
  /** What a member's bond holds above what it must hold: coins lost to its reclaims are paid from no more. */
  spareOf(member: MemberId): Promise<Amount>;
  /** Why a report would be refused now; undefined if it would not. */
  objectionTo(proof: DoubleSpendProof): Promise<ContractRefusal | undefined>;
  /** Returns when it is in a block, with why it was refused there, if it was. */
  report(proof: DoubleSpendProof): Promise<ContractRefusal | undefined>;
}

export type ReporterParts = {
  readonly networkId: Uint8Array;
  /** Absent on an observer, which only watches. */
  readonly member: MemberId | undefined;
  readonly replica: Pick<Replica, "state" | "store">;
  readonly book: ConflictBook;
  readonly proofs: AppliedProofs;
  readonly pool: Pick<PendingPool, "add">;
  readonly directory: Pick<Directory, "activeMembers">;
  /** Absent where the network has no such contract yet. */
  readonly desk: DisputesDesk | undefined;
  readonly logger: Logger;
  /** Called when a loser was handed in again. */
  readonly onLocal: () => void;
  /** A database failed. */
  readonly onFailure: (error: Error) => void;
};

export type ReporterOptions = {
  /** How long a member waits for the one whose turn comes before. */
  readonly turnMs: number;
};

/** How often what is due is looked for. */
const TICK_MS = 50;
/** A report takes a block or two: so many are under way together. */
const AT_ONCE = 16;
/** Turns until the contract is asked again about what it refused. */
const REFUSED_TURNS = 12;
/** The chain that was asked lags behind the event that was folded: soon it will not. */
const LAGGING = "DisputesNotSettled";
/** The coin was paid to one of the two before. */
const TAKEN = "DisputesPairTaken";
/** The bond cannot spare it. */
const SHORT = "DisputesBondNeeded";
/** For these a case is left. */
const ABOVE = "DisputesAboveGuarantee";
const LATE = "DisputesTooLate";

export class Reporter {
  readonly #parts: ReporterParts;
  readonly #turnMs: number;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  /** When each is looked at next, and since when it stands as it does. */
  readonly #looks = new Map<Hex, { stage: Stage; sinceMs: number; nextMs: number }>();

  constructor(parts: ReporterParts, { turnMs }: ReporterOptions) {
    this.#parts = parts;
    this.#turnMs = turnMs;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /**
   * To be told of every event: some conflicts may stand otherwise now. A restitution concerns its own loser
   * alone: to look at all of them again each time would cost the square of how many there are.
   */
  folded({ placed: { event }, change }: Folded): void {
    if (event.kind === "settled") {
      for (const look of this.#looks.values()) if (look.stage !== "refused") look.nextMs = 0;
    }
    if (event.kind === "restituted") this.#lookAgain(toHex(event.loser));
    for (const id of change.applied) this.#lookAgain(id);
  }

  #lookAgain(record: Hex): void {
    for (const { spend } of this.#parts.book.openOf(record)) {
      const look = this.#looks.get(spend.id);
      if (look !== undefined) look.nextMs = 0;
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const due = this.#parts.book.open().filter((each) => this.#lookOf(each).nextMs <= Date.now());
      for (let at = 0; at < due.length && !signal.aborted; at += AT_ONCE) {
        await Promise.all(due.slice(at, at + AT_ONCE).map((each) => this.#attendTo(each)));
      }
      this.#parts.proofs.forget();
      await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #lookOf({ spend: { id }, standing: { stage } }: Conflict) {
    const known = this.#looks.get(id);
    if (known?.stage === stage) return known;
    const look = { stage, sinceMs: Date.now(), nextMs: 0 };
    this.#looks.set(id, look);
    return look;
  }

  async #attendTo(conflict: Conflict): Promise<void> {
    const { book, logger, onFailure } = this.#parts;
    const { id } = conflict.spend;
    // An event meanwhile sets it back to 0.
    this.#lookOf(conflict).nextMs = Number.POSITIVE_INFINITY;
    try {
      await untilAborted(this.#seeThrough(conflict), this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (error instanceof StoreWriteError || error instanceof DamagedStoreError) onFailure(error);
      logger.warn(
        { err: error, conflict: id },
        "a conflict could not be seen to, and is tried again",
      );
    }
    const now = book.openOne(id);
    if (now === undefined || isEnded(now)) {
      this.#looks.delete(id);
      return;
    }
    const look = this.#lookOf(now);
    if (look.nextMs > 0) look.nextMs = Date.now() + this.#pauseMs(now);
  }

  /** Until its turn comes, or for a while where nothing but an event changes anything. */
  #pauseMs(conflict: Conflict): number {
    const { stage } = conflict.standing;
    if (stage === "refused") return REFUSED_TURNS * this.#turnMs;
    const untilTurnMs = stage === "waiting" ? 0 : this.#untilTurnMs(conflict);
    return untilTurnMs > 0 ? Math.min(untilTurnMs, this.#turnMs) : this.#turnMs;
  }

  async #seeThrough(conflict: Conflict): Promise<void> {
    const { networkId, replica, book, logger } = this.#parts;
    const { spend } = conflict;
    const { state, store } = replica;
    const ledger = {
      networkId,
      view: state,
      history: store,
      settledCycle: state.parameters.settledCycle,
    };
    const standing = standingOf(ledger, conflict, book.openOf(spend.lostId));
    if (standing.stage === "due") return await this.#ask(conflict);
    const hasMoved = await book.move(spend.id, standing);
    if (hasMoved)
      logger.info({ conflict: spend.id, loser: spend.lostId, ...standing }, "a conflict");
    const now = book.openOne(spend.id);
    if (now?.standing.stage === "restituted") this.#handInAgain(now);
  }

  /** By the ledger it is due: the contract says how it stands there. */
  async #ask(conflict: Conflict): Promise<void> {
    const { book, desk, member } = this.#parts;
    const { id, outpoint, lostId, custodian } = conflict.spend;
    const pair = await desk?.pairState(outpoint, lostId);
    if (pair === "queued") {
      await book.move(id, queued(custodian));
      return;
    }
    const isKnown = conflict.standing.stage === "refused";
    if (!isKnown) await book.move(id, DUE);
    // Once it is restituted, the event says so.
    if (desk === undefined || member === undefined || pair === "restituted") return;
    if (isKnown && (await this.#isStillRefused(conflict, desk))) return;
    const objection = await this.#objectionTo(conflict, desk);
    if (objection !== undefined) return await this.#refused(conflict, objection);
    if (isKnown) await book.move(id, DUE);
    const due = book.openOne(id);
    if (due === undefined || !this.#isMyTurn(due)) return;
    const { logger } = this.#parts;
    const refusal = await desk.report(await this.#proofOf(conflict));
    if (refusal !== undefined) return await this.#refused(conflict, refusal);
    logger.info({ conflict: id, loser: lostId, outpoint }, "a double spend is reported");
  }

  /** Whether there is no need to show all of it again. */
  async #isStillRefused({ spend, standing }: Conflict, desk: DisputesDesk): Promise<boolean> {
    if (standing.code !== ABOVE) return standing.code === LATE || standing.code === TAKEN;
    return (await desk.leftOf(spend.owner, spend.custodian)) < spend.amount;
  }

  /** Why it is better not reported: its own report would be refused, or that of another coin its loser lost. */
  async #objectionTo(conflict: Conflict, desk: DisputesDesk): Promise<ContractRefusal | undefined> {
    const { book, replica } = this.#parts;
    const { id, lostId } = conflict.spend;
    const siblings = book.openOf(lostId).filter(({ standing: { stage } }) => {
      return stage === "due" || stage === "waiting" || stage === "refused";
    });
    const { settledCycle } = replica.state.parameters;
    if (siblings.some(({ winner }) => winner.cycle > settledCycle))
      return { name: LAGGING, detail: "another coin of this record was taken later" };
    const unpaid: Conflict[] = [];
    for (const sibling of siblings) {
      const objection = await desk.objectionTo(await this.#proofOf(sibling));
      if (objection === undefined) unpaid.push(sibling);
      // Reported already, and its event is not folded here yet: nothing against the others.
      else if (sibling.spend.id === id || !(await isPaid(sibling, objection, desk)))
        return objection;
    }
    return unpaid.length <= 1 ? undefined : await this.#objectionToAll(unpaid, desk);
  }

  /** Each coin alone would be paid; all that one record lost must be. */
  async #objectionToAll(
    siblings: readonly Conflict[],
    desk: DisputesDesk,
  ): Promise<ContractRefusal | undefined> {
    const { owner, custodian } = siblings[0]!.spend;
    const toSpends = siblings.filter(({ spend: { won } }) => won.kind === "spend");
    const [amount, counted] = [sumOf(siblings), sumOf(toSpends)];
    const isVault =
      this.#parts.replica.state.member(custodian)?.treasuryOwners.includes(owner) === true;
    if (!isVault && counted > (await desk.leftOf(owner, custodian)))
      return { name: ABOVE, detail: `the coins that this record lost are ${counted} together` };
    const isReclaimed = toSpends.length < siblings.length;
    if (isReclaimed && amount > (await desk.spareOf(custodian)))
      return {
        name: SHORT,
        detail: `the bond cannot spare ${amount} for all that this record lost`,
      };
    return undefined;
  }

  async #refused(conflict: Conflict, refusal: ContractRefusal): Promise<void> {
    const { book, desk, logger } = this.#parts;
    const { id } = conflict.spend;
    const { name, detail } = refusal;
    if (name === LAGGING || (await isPaid(conflict, refusal, desk!))) return;
    const hasMoved = await book.move(id, { stage: "refused", code: name, detail });
    if (hasMoved)
      logger.warn({ conflict: id, reason: name, detail }, "a double spend is not paid for now");
  }

  async #proofOf({ spend, winner }: Conflict): Promise<DoubleSpendProof> {
    const { position, path } = await this.#parts.proofs.of(winner.cycle, spend.wonId);
    return {
      parent: spend.made.body,
      index: splitOutpoint(spend.outpoint).index,
      loser: { bytes: spend.loser, signer: spend.lost.signer },
      winner: spend.won.body,
      cycle: winner.cycle,
      position,
      path,
    };
  }

  #handInAgain(conflict: Conflict): void {
    const { member, pool, onLocal, logger } = this.#parts;
    if (member === undefined || !this.#isMyTurn(conflict)) return;
    const { lost, lostId } = conflict.spend;
    try {
      pool.add({ hash: leafHash(lost.bytes), id: lostId, leaf: lost, local: true, checked: true });
      onLocal();
    } catch (error) {
      if (!isRefusal(error, "busy")) throw error;
      logger.debug({ loser: lostId }, "there is no room to hand a loser in again: later");
    }
  }

  #isMyTurn(conflict: Conflict): boolean {
    return this.#untilTurnMs(conflict) <= 0;
  }

  #untilTurnMs(conflict: Conflict): number {
    const { member, directory } = this.#parts;
    if (member === undefined) return Number.POSITIVE_INFINITY;
    const turn = turnOf(member, directory.activeMembers(), conflict);
    return this.#lookOf(conflict).sinceMs + turn * this.#turnMs - Date.now();
  }
}

/** Whether the contract says no because another member was quicker to report the same. */
async function isPaid(
  { spend: { outpoint, lostId } }: Conflict,
  { name }: ContractRefusal,
  desk: DisputesDesk,
): Promise<boolean> {
  return name === TAKEN && (await desk.pairState(outpoint, lostId)) !== "none";
}

function sumOf(conflicts: readonly Conflict[]): Amount {
  return conflicts.reduce((sum, { spend }) => sum + spend.amount, 0n);
}

function queued(custodian: MemberId) {
  const detail = `the bond of member ${custodian} is short: it is paid in its turn`;
  return { stage: "queued", code: "queued", detail } as const;
}
