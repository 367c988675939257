/**
 * Gathers a quorum's endorsements of a batch: one's own first, if it counts, then those of as few others as
 * that takes. One that refuses or fails gives its turn to the next at once, and where the quorum takes far
 * longer than the last ones did, all are asked. Who kept others waiting comes last for a while.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Batch, batchDigest, type BatchHeader } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { MemberId } from "../../protocol/output.ts";
import { orderSignatures, quorumOf } from "../../protocol/quorum.ts";
import { type Domain, recoverValidator } from "../../protocol/typed-data.ts";
import type { Directory } from "../directory.ts";
import type { PendingPool } from "../pending-pool.ts";
import type { Logger } from "../service/telemetry.ts";
import type { Validator } from "../validator.ts";
import { othersInTurn } from "./endorsers.ts";
import { Objection } from "./objection.ts";

export type GathererParts = {
  readonly domain: Domain;
  readonly directory: Pick<Directory, "activeMembers" | "validatorOf">;
  readonly pool: Pick<PendingPool, "park">;
  readonly validator: Pick<Validator, "beginQuorum">;
  /** Asks a member for its endorsement. @throws Objection, or Error if it does not answer. */
  readonly propose: (member: MemberId, batch: Batch, seq: number) => Promise<Uint8Array>;
  readonly logger: Logger;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
};

/**
 * A quorum that takes so many times what the last one took, and so long, is waiting for somebody. Members that
 * are only busy should not be given more to do.
 */
const PATIENCE = 3;
const PATIENCE_MIN_MS = 1_000;
/** Who kept others waiting comes last for so long. */
const LATE_MS = 30_000;

/** What is known of a batch while it is gathered for. */
type Round = {
  readonly batch: Batch;
  readonly seq: number;
  readonly digest: Uint8Array;
  readonly needed: number;
  readonly signatures: Map<Hex, Uint8Array>;
  readonly objections: Map<MemberId, readonly Hex[]>;
  /** Those that were asked and have not answered, and those that were not asked. */
  readonly asked: Set<MemberId>;
  readonly waiting: MemberId[];
  /** Resolves when there are enough, or nobody is left to answer. */
  readonly over: PromiseWithResolvers<void>;
};

export class Gatherer {
  readonly #parts: GathererParts;
  readonly #answerMs: number;
  /** Until when a member comes last. */
  readonly #late = new Map<MemberId, number>();
  #lastMs = 0;

  /** @param answerMs how long the others may take. */
  constructor(parts: GathererParts, answerMs: number) {
    this.#parts = parts;
    this.#answerMs = answerMs;
  }

  /**
   * @param seq the event this member stands at.
   * @returns a quorum's signatures, ascending by signer. @throws Error if no quorum endorses.
   */
  async gather(batch: Batch, header: BatchHeader, seq: number): Promise<Uint8Array[]> {
    const round = this.#begin(batch, batchDigest(this.#parts.domain, header), seq);
    const { signatures, needed } = round;
    const start = Date.now();
    this.#askNext(round, needed - signatures.size);
    const patienceMs = Math.min(
      Math.max(PATIENCE_MIN_MS, PATIENCE * this.#lastMs),
      this.#answerMs / 2,
    );
    if (!(await this.#isOver(round, patienceMs))) {
      this.#askNext(round, round.waiting.length);
      await this.#isOver(round, this.#answerMs - patienceMs);
    }
    this.#lastMs = Date.now() - start;
    for (const member of round.asked) this.#late.set(member, Date.now() + LATE_MS);
    if (signatures.size >= needed) return orderSignatures(signatures).slice(0, needed);
    this.#dropRefused(round);
    throw new Error(`${signatures.size} members endorse, ${needed} are needed`);
  }

  #begin(batch: Batch, digest: Uint8Array, seq: number): Round {
    const { directory, validator } = this.#parts;
    const members = directory.activeMembers();
    const others = othersInTurn(batch.member, members);
    const isLate = (member: MemberId) => (this.#late.get(member) ?? 0) > Date.now();
    return {
      batch,
      seq,
      digest,
      needed: quorumOf(members.length),
      signatures: validator.beginQuorum(digest),
      objections: new Map(),
      asked: new Set(),
      waiting: [...others.filter((each) => !isLate(each)), ...others.filter(isLate)],
      over: Promise.withResolvers(),
    };
  }

  /** Asks so many more, each of whom gives its turn on if it does not endorse. */
  #askNext(round: Round, count: number): void {
    const { signatures, needed, asked, waiting, over } = round;
    for (const member of waiting.splice(0, count)) {
      asked.add(member);
      void this.#ask(member, round).then((signature) => {
        asked.delete(member);
        if (signature === undefined) this.#askNext(round, 1);
        else {
          this.#late.delete(member);
          signatures.set(this.#parts.directory.validatorOf(member)!, signature);
        }
        if (signatures.size >= needed || asked.size === 0) over.resolve();
      });
    }
    if (asked.size === 0) over.resolve();
  }

  /** The member's endorsement, undefined if it gives none that counts. */
  async #ask(member: MemberId, round: Round): Promise<Uint8Array | undefined> {
    const { directory, logger, propose } = this.#parts;
    try {
      const signature = await propose(member, round.batch, round.seq);
      const signer = recoverValidator(round.digest, signature);
      if (signer === directory.validatorOf(member)) return signature;
      logger.error({ member, signer }, "a member endorsed with another key or another batch");
    } catch (error) {
      if (error instanceof Objection) round.objections.set(member, error.leaves);
      logger.warn({ member, err: error }, "a member does not endorse");
    }
    return undefined;
  }

  /** Whether it is, after `timeoutMs` at the latest. */
  async #isOver({ over }: Round, timeoutMs: number): Promise<boolean> {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#parts.signal, ended.signal]);
    const time = sleep(Math.max(0, timeoutMs), false, { signal }).catch(() => false);
    const isOver = await Promise.race([over.promise.then(() => true), time]);
    ended.abort();
    return isOver;
  }

  /** A leaf that so many members object to that no quorum is left will not come into any batch. */
  #dropRefused({ objections, needed }: Round): void {
    const blocking = this.#parts.directory.activeMembers().length - needed + 1;
    const counts = new Map<Hex, number>();
    for (const leaf of [...objections.values()].flat())
      counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
    for (const [leaf, count] of counts) {
      if (count < blocking) continue;
      const detail = `${count} members refuse to endorse it`;
      this.#parts.pool.park(leaf, { code: "bad-signature", detail }, []);
    }
  }
}
