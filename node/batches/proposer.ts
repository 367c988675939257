/**
 * Puts forward what this member took in. It tries the leaves on the state as it is, parks those that do
 * not apply yet, has the rest endorsed by a quorum, parents first, and gives them to the chain. While one
 * batch waits for its block the next is endorsed; the chain takes one of a member in a block.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type BatchHeader, batchHeader } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { MemberId } from "../../protocol/output.ts";
import { replacementOutpoint } from "../../protocol/rules.ts";
import type { Outcome } from "../ledger/change.ts";
import { fold, type FoldContext } from "../ledger/fold.ts";
import type { PendingLeaf, PendingPool } from "../pending-pool.ts";
import type { Folded, Replica } from "../replica.ts";
import { untilAborted } from "../service/until-aborted.ts";
import type { Endorser } from "./endorser.ts";
import { Gatherer, type GathererParts } from "./gatherer.ts";
import { Objection } from "./objection.ts";

export type ProposerParts = Omit<GathererParts, "signal"> & {
  readonly context: FoldContext;
  readonly replica: Replica;
  readonly pool: PendingPool;
  readonly endorser: Pick<Endorser, "hold">;
  readonly chain: {
    /** The number of this member's last batch. */
    batchesOf(member: MemberId): Promise<number>;
    /** Returns when it is in a block. */
    sequence(header: BatchHeader, signatures: readonly Uint8Array[]): Promise<void>;
  };
};

export type ProposerOptions = {
  readonly member: MemberId;
  /** How long a leaf waits for others before a batch goes out. */
  readonly gatherMs: number;
  /** How long the others may take to endorse. */
  readonly answerMs: number;
  /** How long a batch that is in a block may take to be folded here. */
  readonly foldMs: number;
};

/** A batch that the chain will take after the one before. */
type Endorsed = {
  readonly header: BatchHeader;
  readonly hashes: readonly Hex[];
  readonly signatures: readonly Uint8Array[];
  readonly endorseMs: number;
};

/** A batch that is in a block, and since when. */
type Sequenced = {
  readonly number: number;
  readonly hashes: readonly Hex[];
  readonly sinceMs: number;
};

/** Pause after a batch that came to nothing. */
const RETRY_MS = 250;
/** So many leaves are endorsed while the batch before waits for its block; fewer wait for more to come. */
const EARLY_LEAVES_MIN = 2048;
/** What waits for time to pass is looked at this often. */
const TICK_MS = 5_000;

export class Proposer {
  readonly #parts: ProposerParts;
  readonly #options: ProposerOptions;
  readonly #stop = new AbortController();
  readonly #gatherer: Gatherer;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wake = Promise.withResolvers<void>();
  /** The number of this member's last batch, on the chain or under way, once it is known. */
  #last: number | undefined;
  /** The number of this member's last batch that is folded here, and those that are not yet. */
  #folded = 0;
  #unfolded: Sequenced[] = [];
  /** Resolves when the chain has taken or refused the batch before the next one. */
  #before = Promise.resolve();
  /** How many were refused. */
  #refused = 0;

  constructor(parts: ProposerParts, options: ProposerOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#gatherer = new Gatherer({ ...parts, signal: this.#stop.signal }, options.answerMs);
  }

  start(): void {
    this.#parts.replica.onFolded((folded) => this.#onFolded(folded));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#timer);
    this.wake();
    await this.#running;
    await this.#before;
  }

  /** Something may be ready to go. */
  wake(): void {
    this.#wake.resolve();
  }

  #onFolded({ placed: { event } }: Folded): void {
    if (event.kind === "sequenced" && event.member === this.#options.member) {
      this.#folded = event.number;
      if (this.#last !== undefined) this.#last = Math.max(this.#last, event.number);
      this.#release();
    }
    this.wake();
  }

  #tick(): void {
    this.#parts.pool.retry("not-reclaimable");
    this.#parts.pool.expire();
    this.#release();
    this.wake();
  }

  /** What was folded is gone from the pool; the rest of a batch may go out again, or after too long all. */
  #release(): void {
    const before = Date.now() - this.#options.foldMs;
    this.#unfolded = this.#unfolded.filter(({ number, hashes, sinceMs }) => {
      const isDone = number <= this.#folded || sinceMs < before;
      if (isDone) this.#parts.pool.released(hashes);
      return !isDone;
    });
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // Nothing applies to a ledger that has not begun.
      if (this.#parts.pool.readyCount === 0 || this.#parts.replica.state.seq === 0) {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
        await this.#pause(this.#options.gatherMs);
        continue;
      }
      if (this.#parts.pool.readyCount < EARLY_LEAVES_MIN) await this.#before;
      const leaves = this.#choose();
      if (leaves.length > 0) await this.#putForward(leaves.map(({ hash }) => hash));
      // Lets others in, also where everything was parked.
      else await this.#pause(0);
    }
  }

  /** Leaves that would apply to the state as it is, one after the other. The rest is parked. */
  #choose(): PendingLeaf[] {
    const { pool, context, replica } = this.#parts;
    const ready = pool.ready(limits.batchLeavesMax, limits.batchBytesMax);
    const event = {
      kind: "sequenced",
      seq: replica.state.seq + 1,
      member: this.#options.member,
      number: 0,
      count: ready.length,
      root: new Uint8Array(32),
      timeS: Math.floor(Date.now() / 1000),
    } as const;
    const { outcomes } = fold(context, replica.state, event, ready, replica.store);
    return ready.filter((leaf, i) => {
      const { code, detail } = outcomes[i] as Outcome;
      if (code === "applied") return true;
      if (code === "duplicate" || code === "already-enrolled") pool.remove([leaf.hash]);
      else pool.park(leaf.hash, { code, detail }, this.#awaitedBy(leaf));
      return false;
    });
  }

  /** The coins and owners whose coming may let a leaf apply. */
  #awaitedBy({ id, leaf }: PendingLeaf): Hex[] {
    if (leaf.kind === "enrolment") return [];
    const { networkId } = this.#parts.context;
    return [
      ...leaf.inputs,
      ...leaf.inputs.map((outpoint) => replacementOutpoint(networkId, outpoint, id)),
      ...leaf.outputs.map((output) => output.owner),
    ];
  }

  /** Returns when the batch is on its way to the chain, or came to nothing. */
  async #putForward(hashes: readonly Hex[]): Promise<void> {
    const { pool } = this.#parts;
    pool.sent(hashes);
    const refused = this.#refused;
    const endorsed = await this.#tryTo(hashes, () => this.#endorse(hashes));
    await this.#before;
    // Numbers go up by one: what was endorsed to follow a batch that was refused begins anew.
    const isNext = this.#refused === refused;
    if (!isNext) this.#last = undefined;
    if (endorsed !== undefined && isNext) this.#before = this.#sequence(endorsed);
    else pool.released(hashes);
  }

  /** What came of it, or undefined: then it is tried again after a pause. */
  async #tryTo<T>(hashes: readonly Hex[], work: () => Promise<T>): Promise<T | undefined> {
    const { pool, logger } = this.#parts;
    try {
      return await untilAborted(work(), this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return undefined;
      // One's own check: these leaves will not come into any batch.
      if (error instanceof Objection) for (const leaf of error.leaves) pool.park(leaf, error, []);
      logger.warn(
        { err: error, leaves: hashes.length },
        "a batch came to nothing and is tried again",
      );
      await this.#pause(RETRY_MS);
      return undefined;
    }
  }

  async #endorse(hashes: readonly Hex[]): Promise<Endorsed> {
    const { chain, endorser, replica, logger } = this.#parts;
    const { member } = this.#options;
    const { seq } = replica.state;
    this.#last ??= await chain.batchesOf(member);
    const batch = { member, number: this.#last + 1, leaves: hashes };
    const header = batchHeader(batch);
    const start = Date.now();
    await endorser.hold(batch, seq, async () => new Map());
    const signatures = await this.#gatherer.gather(batch, header, seq);
    this.#last = batch.number;
    logger.debug({ number: batch.number, root: header.root }, "a batch is endorsed");
    return { header, hashes, signatures, endorseMs: Date.now() - start };
  }

  /** Returns when the batch is in a block, or refused. Its leaves stay under way until it is folded. */
  async #sequence({ header, hashes, signatures, endorseMs }: Endorsed): Promise<void> {
    const { chain, pool, logger } = this.#parts;
    const start = Date.now();
    const isTaken = await this.#tryTo(hashes, async () => {
      await chain.sequence(header, signatures);
      return true;
    });
    if (isTaken === undefined) {
      this.#refused++;
      this.#last = undefined;
      pool.released(hashes);
      this.wake();
      return;
    }
    const times = { endorseMs, sequenceMs: Date.now() - start };
    const { number } = header;
    logger.info({ number, leaves: hashes.length, ...times }, "a batch is in a block");
    this.#unfolded.push({ number, hashes, sinceMs: Date.now() });
    this.#release();
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
