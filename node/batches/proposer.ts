/**
 * Puts forward what this member took in. It tries the leaves on the state as it is, parks those that do
 * not apply yet, has the rest endorsed by a quorum, parents first, and gives them to the chain. One batch
 * is under way at a time: the chain takes one of a member in a block.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Batch, batchDigest, type BatchHeader, batchHeader } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { MemberId } from "../../protocol/output.ts";
import { orderSignatures, quorumOf } from "../../protocol/quorum.ts";
import { replacementOutpoint } from "../../protocol/rules.ts";
import { type Domain, recoverValidator } from "../../protocol/typed-data.ts";
import type { Directory } from "../directory.ts";
import type { Outcome } from "../ledger/change.ts";
import { fold, type FoldContext } from "../ledger/fold.ts";
import type { PendingLeaf, PendingPool } from "../pending-pool.ts";
import type { Folded, Replica } from "../replica.ts";
import type { Logger } from "../service/telemetry.ts";
import { untilAborted } from "../service/until-aborted.ts";
import type { Endorser } from "./endorser.ts";
import { Objection } from "./objection.ts";

export type ProposerParts = {
  readonly context: FoldContext;
  readonly domain: Domain;
  readonly replica: Replica;
  readonly directory: Directory;
  readonly pool: PendingPool;
  readonly endorser: Endorser;
  /** Asks a member for its endorsement. @throws Objection, or Error if it does not answer. */
  readonly propose: (member: MemberId, batch: Batch, seq: number) => Promise<Uint8Array>;
  readonly chain: {
    /** The number of this member's last batch. */
    batchesOf(member: MemberId): Promise<number>;
    /** Returns when it is in a block. */
    sequence(header: BatchHeader, signatures: readonly Uint8Array[]): Promise<void>;
  };
  readonly logger: Logger;
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

/** Pause after a batch that came to nothing. */
const RETRY_MS = 250;
/** What waits for time to pass is tried again this often. */
const RECLAIM_RETRY_MS = 5_000;

export class Proposer {
  readonly #parts: ProposerParts;
  readonly #options: ProposerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wake = Promise.withResolvers<void>();
  /** The number of this member's last batch, once it is known. */
  #last: number | undefined;

  constructor(parts: ProposerParts, options: ProposerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  start(): void {
    this.#parts.replica.onFolded((folded) => this.#onFolded(folded));
    this.#timer = setInterval(() => {
      this.#parts.pool.retry("not-reclaimable");
      this.#parts.pool.expire();
      this.wake();
    }, RECLAIM_RETRY_MS);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#timer);
    this.wake();
    await this.#running;
  }

  /** Something may be ready to go. */
  wake(): void {
    this.#wake.resolve();
  }

  #onFolded({ placed: { event } }: Folded): void {
    if (event.kind === "sequenced" && event.member === this.#options.member)
      this.#last = event.number;
    this.wake();
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
      const leaves = this.#choose();
      if (leaves.length > 0) await this.#tryToPutForward(leaves);
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

  async #tryToPutForward(leaves: readonly PendingLeaf[]): Promise<void> {
    const { pool, logger } = this.#parts;
    const hashes = leaves.map(({ hash }) => hash);
    pool.sent(hashes);
    try {
      await untilAborted(this.#putForward(hashes), this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      // One's own check: these leaves will not come into any batch.
      if (error instanceof Objection) for (const leaf of error.leaves) pool.park(leaf, error, []);
      this.#last = undefined;
      logger.warn(
        { err: error, leaves: hashes.length },
        "a batch came to nothing and is tried again",
      );
      await this.#pause(RETRY_MS);
    } finally {
      // What was folded is gone from the pool; the rest may go out again.
      pool.released(hashes);
    }
  }

  async #putForward(leaves: readonly Hex[]): Promise<void> {
    const { chain, replica, logger } = this.#parts;
    const { member, foldMs } = this.#options;
    this.#last ??= await chain.batchesOf(member);
    const batch = { member, number: this.#last + 1, leaves };
    const header = batchHeader(batch);
    const start = Date.now();
    const signatures = await this.#gather(batch, header);
    const endorsed = Date.now();
    logger.debug({ number: batch.number, root: header.root }, "a batch is endorsed");
    await chain.sequence(header, signatures);
    const times = { endorseMs: endorsed - start, sequenceMs: Date.now() - endorsed };
    logger.info({ number: batch.number, leaves: leaves.length, ...times }, "a batch is in a block");
    const deadline = Date.now() + foldMs;
    while (this.#last !== undefined && this.#last < batch.number && Date.now() < deadline) {
      await replica.reached(replica.state.seq + 1, deadline - Date.now());
    }
  }

  /** Endorsements by a quorum: one's own first, then as soon as enough of the others have answered. */
  async #gather(batch: Batch, header: BatchHeader): Promise<Uint8Array[]> {
    const { directory, endorser, replica, domain } = this.#parts;
    const { seq } = replica.state;
    const digest = batchDigest(domain, header);
    const own = await endorser.endorse(batch, seq, async () => new Map());
    const signatures = new Map([[recoverValidator(digest, own), own]]);
    const objections = new Map<MemberId, readonly Hex[]>();
    const members = directory.activeMembers();
    const needed = quorumOf(members.length);
    const enough = Promise.withResolvers<void>();
    const answers = members
      .filter((member) => member !== batch.member)
      .map(async (member) => {
        const signature = await this.#ask(member, batch, seq, digest, objections);
        if (signature !== undefined) signatures.set(directory.validatorOf(member)!, signature);
        if (signatures.size >= needed) enough.resolve();
      });
    if (signatures.size >= needed) enough.resolve();
    await Promise.race([enough.promise, Promise.all(answers), this.#pause(this.#options.answerMs)]);
    if (signatures.size >= needed) return orderSignatures(signatures).slice(0, needed);
    this.#dropRefused(objections, members.length - needed + 1);
    throw new Error(`${signatures.size} members endorse, ${needed} are needed`);
  }

  async #ask(
    member: MemberId,
    batch: Batch,
    seq: number,
    digest: Uint8Array,
    objections: Map<MemberId, readonly Hex[]>,
  ): Promise<Uint8Array | undefined> {
    const { directory, logger, propose } = this.#parts;
    try {
      const signature = await propose(member, batch, seq);
      const signer = recoverValidator(digest, signature);
      if (signer === directory.validatorOf(member)) return signature;
      logger.error({ member, signer }, "a member endorsed with another key or another batch");
    } catch (error) {
      if (error instanceof Objection) objections.set(member, error.leaves);
      logger.warn({ member, err: error }, "a member does not endorse");
    }
    return undefined;
  }

  /** A leaf that so many members object to that no quorum is left will not come into any batch. */
  #dropRefused(objections: ReadonlyMap<MemberId, readonly Hex[]>, blocking: number): void {
    const counts = new Map<Hex, number>();
    for (const leaf of [...objections.values()].flat())
      counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
    for (const [leaf, count] of counts) {
      if (count < blocking) continue;
      const detail = `${count} members refuse to endorse it`;
      this.#parts.pool.park(leaf, { code: "bad-signature", detail }, []);
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
