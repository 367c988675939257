/**
 * Has paid what waits for a bond, once the bond suffices: restitutions, awards and fines, of whichever member
 * and from whatever they came. Nothing on the ledger says that a bond has grown, so the contract is looked at
 * when it says that something changed. One member pays for all, the bank itself first; what cannot be paid is
 * not tried again before something about the bond has changed.
 */
import type { MemberId } from "../../protocol/output.ts";
import type { BondEntry } from "../chain/disputes.ts";
import type { Directory } from "../directory.ts";
import { Nudge } from "../service/nudge.ts";
import type { Logger } from "../service/telemetry.ts";
import { untilAborted } from "../service/until-aborted.ts";
import { queueTurnOf } from "./turns.ts";

/** The contract that keeps bonds, as it is asked and told. What throws is the world's, and is tried again. */
export interface BondDesk {
  bond(member: MemberId): Promise<BondEntry>;
  /** Pays what waits for a member's bond as far as it reaches; false if nothing can be paid. */
  payQueue(member: MemberId): Promise<boolean>;
  /** Tells from now on when bonds, or what waits for them, may have changed. */
  onChange(listener: () => void): void;
}

export type QueuePayerParts = {
  readonly member: MemberId;
  readonly directory: Pick<Directory, "activeMembers" | "rows">;
  readonly desk: BondDesk;
  readonly logger: Logger;
};

export type QueuePayerOptions = {
  /** How long a member waits for the one whose turn comes before. */
  readonly turnMs: number;
};

/** What is seen in time for one's turn is seen within a part of it. */
const LOOKS_A_TURN = 4;
/** Where nothing waits a look is for what was not told: it is made once in so many turns. */
const IDLE_TURNS = 12;

/** A bond for which something waits, and since when it stands so. */
type Owing = { readonly stands: string; readonly sinceMs: number; isTried: boolean };

export class QueuePayer {
  readonly #parts: QueuePayerParts;
  readonly #turnMs: number;
  readonly #stop = new AbortController();
  readonly #nudge = new Nudge();
  readonly #owing = new Map<MemberId, Owing>();
  #running: Promise<void> | undefined;
  /** Whether the last look failed: it is told once. */
  #hasFailed = false;

  constructor(parts: QueuePayerParts, { turnMs }: QueuePayerOptions) {
    this.#parts = parts;
    this.#turnMs = turnMs;
  }

  start(): void {
    this.#parts.desk.onChange(() => this.#nudge.give());
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#attendToAll();
      const isIdle = this.#owing.size === 0 && !this.#hasFailed;
      await this.#nudge.rest(this.#turnMs * (isIdle ? IDLE_TURNS : 1 / LOOKS_A_TURN), signal);
    }
  }

  async #attendToAll(): Promise<void> {
    const { directory, desk, logger } = this.#parts;
    const { signal } = this.#stop;
    try {
      // A bond answers for its devices whatever became of its member. Questions asked at once go as one.
      const asked = directory.rows.members.map(({ member }) => desk.bond(member));
      for (const bond of await untilAborted(Promise.all(asked), signal)) {
        await untilAborted(this.#attendTo(bond), signal);
      }
      this.#hasFailed = false;
    } catch (error) {
      if (signal.aborted || this.#hasFailed) return;
      this.#hasFailed = true;
      logger.warn({ err: error }, "bonds could not be seen to, and are looked at again");
    }
  }

  async #attendTo(bond: BondEntry): Promise<void> {
    const { member, directory, desk, logger } = this.#parts;
    const payer = bond.member;
    const owing = this.#look(bond);
    if (owing === undefined || owing.isTried) return;
    const turn = queueTurnOf(member, directory.activeMembers(), payer);
    if (Date.now() < owing.sinceMs + turn * this.#turnMs) return;
    while (await desk.payQueue(payer))
      logger.info({ payer }, "what waited for a bond is paid as far as it reaches");
    owing.isTried = true;
  }

  #look({ member, amount, queued, fines, claimed }: BondEntry): Owing | undefined {
    if (queued === 0n && fines === 0n) {
      this.#owing.delete(member);
      return undefined;
    }
    const stands = [amount, queued, fines, claimed].join();
    const known = this.#owing.get(member);
    if (known?.stands === stands) return known;
    const owing = { stands, sinceMs: Date.now(), isTried: false };
    this.#owing.set(member, owing);
    return owing;
  }
}
