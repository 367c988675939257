/**
 * Watches the cases at Disputes that have not ended, since silence decides them: a false statement that its
 * member does not answer in time is ruled for the claimant. Nothing on the ledger says that a case was
 * opened, so the contract is looked at when it says that something changed. An operator is told when a case is
 * opened against its own member, and again each day for as long as it waits for the answer.
 */
import type { MemberId } from "../../protocol/output.ts";
import { type CaseEntry, isCaseEnded } from "../chain/disputes.ts";
import { Nudge } from "../service/nudge.ts";
import type { Logger } from "../service/telemetry.ts";
import { untilAborted } from "../service/until-aborted.ts";

/** The contract that keeps cases, as it is asked. What throws is the world's, and is tried again. */
export interface CaseDesk {
  /** How many were ever opened: they are numbered from 1. */
  caseCount(): Promise<number>;
  case(caseId: number): Promise<CaseEntry | undefined>;
  /** Tells from now on when cases may have changed. */
  onChange(listener: () => void): void;
}

export type CaseWatchParts = {
  /** Absent on an observer. */
  readonly member: MemberId | undefined;
  readonly desk: CaseDesk;
  readonly logger: Logger;
  /** Milliseconds. */
  readonly now: () => number;
};

export type CaseWatchOptions = {
  /** How often the contract is looked at while a case is open. */
  readonly lookMs: number;
};

/** While none is open a look is for what was not told: so many times more rarely. */
const IDLE_LOOKS = 12;

/** How often an operator is told of what waits for its answer. */
const REMINDER_MS = 86_400_000;

export class CaseWatch {
  readonly #parts: CaseWatchParts;
  readonly #lookMs: number;
  readonly #stop = new AbortController();
  readonly #nudge = new Nudge();
  /** Those that have not ended, by number. */
  readonly #open = new Map<number, CaseEntry>();
  /** When the operator was last told of a case. */
  readonly #told = new Map<number, number>();
  /** All up to this number were looked at. */
  #last = 0;
  #running: Promise<void> | undefined;
  /** Whether the last look failed: it is told once. */
  #hasFailed = false;

  constructor(parts: CaseWatchParts, { lookMs }: CaseWatchOptions) {
    this.#parts = parts;
    this.#lookMs = lookMs;
  }

  start(): void {
    this.#parts.desk.onChange(() => this.#nudge.give());
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Those that have not ended, in the order in which they were opened. */
  open(): CaseEntry[] {
    return [...this.#open.values()].toSorted((a, b) => a.caseId - b.caseId);
  }

  /** Those that wait for this member's answer. */
  toAnswer(): CaseEntry[] {
    return this.open().filter((each) => this.#isToAnswer(each));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#lookAtAll();
      const isIdle = this.#open.size === 0 && !this.#hasFailed;
      await this.#nudge.rest(this.#lookMs * (isIdle ? IDLE_LOOKS : 1), signal);
    }
  }

  async #lookAtAll(): Promise<void> {
    const { desk, logger } = this.#parts;
    const { signal } = this.#stop;
    try {
      for (const { caseId } of this.open()) await this.#lookAt(caseId);
      const count = await untilAborted(desk.caseCount(), signal);
      while (this.#last < count) {
        await this.#lookAt(this.#last + 1);
        this.#last++;
      }
      this.#hasFailed = false;
    } catch (error) {
      if (signal.aborted || this.#hasFailed) return;
      this.#hasFailed = true;
      logger.warn({ err: error }, "cases could not be looked at, and are again");
    }
  }

  async #lookAt(caseId: number): Promise<void> {
    const { desk, logger } = this.#parts;
    const known = this.#open.get(caseId);
    const entry = await untilAborted(desk.case(caseId), this.#stop.signal);
    if (entry === undefined) return;
    if (isCaseEnded(entry.status)) this.#open.delete(caseId);
    else this.#open.set(caseId, entry);
    if (known !== undefined && known.status !== entry.status)
      logger.info(tellOf(entry), "a case moved on");
    if (this.#isToAnswer(entry)) this.#remind(entry);
    else this.#told.delete(caseId);
  }

  #isToAnswer({ accused, status, deadlineS }: CaseEntry): boolean {
    const { member, now } = this.#parts;
    return status === "opened" && accused === member && now() <= deadlineS * 1000;
  }

  #remind(entry: CaseEntry): void {
    const { logger, now } = this.#parts;
    const toldMs = this.#told.get(entry.caseId);
    if (toldMs !== undefined && now() < toldMs + REMINDER_MS) return;
    this.#told.set(entry.caseId, now());
    const answerUntil = new Date(entry.deadlineS * 1000).toISOString();
    logger.warn(
      { ...tellOf(entry), answerUntil },
      "a case against this member waits for its answer",
    );
  }
}

function tellOf({ caseId, kind, status, claimant, accused, amount }: CaseEntry): object {
  return { case: caseId, kind, status, claimant, accused, amount: amount.toString() };
}
