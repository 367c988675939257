/**
 * Finds the leaves of a sequenced batch: on disk, or else in the pool and with the members that endorsed it. The
 * root on chain says whether what comes is what was sequenced, so that it does not matter who gives it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Batch, batchHeader } from "../protocol/batch.ts";
import { type Hex, toHex } from "../protocol/bytes.ts";
import { decodeLeaf, leafHash, leafId } from "../protocol/leaf.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { SequencedEvent } from "./ledger/event.ts";
import type { SequencedLeaf } from "./ledger/fold.ts";
import type { PendingPool } from "./pending-pool.ts";
import type { Logger } from "./service/telemetry.ts";
import type { LeafStore, WholeBatch } from "./store/leaf-store.ts";

/** Asks other institutions, several at once. */
export interface BatchPeers {
  /** The batch with this root, from whoever has it. */
  batch(root: Hex, signal: AbortSignal): Promise<Batch | undefined>;
  /** The bytes of as many of these leaves of a batch as can be had, by hash. */
  leaves(
    root: Hex,
    hashes: readonly Hex[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Hex, Uint8Array>>;
}

export type LeafSourceParts = {
  readonly networkId: Uint8Array;
  readonly pool: Pick<PendingPool, "get">;
  readonly store: Pick<LeafStore, "getWhole" | "putBatch">;
  readonly peers: BatchPeers;
  readonly logger: Logger;
};

/** What was found so far of a batch that is not stored: it is stored whole or not at all. */
type Search = {
  readonly event: SequencedEvent;
  readonly root: Hex;
  batch: Batch | undefined;
  readonly found: Map<Hex, Uint8Array>;
};

const RETRY_MS = 250;

export class LeafSource {
  readonly #parts: LeafSourceParts;
  #missing: Hex | undefined;

  constructor(parts: LeafSourceParts) {
    this.#parts = parts;
  }

  /** The root of the batch that cannot be had for now; nothing goes on until it can. */
  get missing(): Hex | undefined {
    return this.#missing;
  }

  /** The leaves of a batch in their order, on disk from now on. Waits as long as it takes. */
  async leavesOf(event: SequencedEvent, signal: AbortSignal): Promise<SequencedLeaf[]> {
    const root = toHex(event.root);
    const search: Search = { event, root, batch: undefined, found: new Map() };
    for (;;) {
      // Looked for each time: it may be endorsed here meanwhile.
      const stored = await this.#parts.store.getWhole(root);
      const whole = stored ?? (await this.#gather(search, signal));
      if (whole !== undefined) {
        this.#missing = undefined;
        const { batch, leaves } = whole;
        this.#parts.logger.debug(
          { seq: event.seq, root, leaves: leaves.length },
          "the leaves of a batch are here",
        );
        return batch.leaves.map((hash, i) => this.#sequenced(hash, leaves[i]!));
      }
      signal.throwIfAborted();
      if (this.#missing !== root)
        this.#parts.logger.warn({ root, seq: event.seq }, "bytes of a batch are missing");
      this.#missing = root;
      await sleep(RETRY_MS, undefined, { signal });
    }
  }

  /** All of a batch that is not stored, and stores it; undefined while some cannot be had. */
  async #gather(search: Search, signal: AbortSignal): Promise<WholeBatch | undefined> {
    const { root, event, found } = search;
    search.batch ??= await this.#batch(root, event, signal);
    const { batch } = search;
    if (batch === undefined) return undefined;
    await this.#find(root, batch.leaves, found, signal);
    const leaves = batch.leaves.flatMap((hash) => found.get(hash) ?? []);
    if (leaves.length < batch.leaves.length) return undefined;
    await this.#parts.store.putBatch(root, { batch, leaves });
    return { batch, leaves };
  }

  async #batch(root: Hex, event: SequencedEvent, signal: AbortSignal): Promise<Batch | undefined> {
    const batch = await this.#parts.peers.batch(root, signal);
    if (batch === undefined) return undefined;
    const header = batchHeader(batch);
    if (header.root !== root || header.count !== event.count) {
      this.#parts.logger.error({ root }, "a peer gave another batch than was asked for");
      return undefined;
    }
    return { ...batch, member: event.member, number: event.number };
  }

  /** Adds the bytes of as many leaves as can be had to those `found`. */
  async #find(
    root: Hex,
    hashes: readonly Hex[],
    found: Map<Hex, Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const { pool, peers } = this.#parts;
    for (const hash of hashes) {
      const bytes = found.get(hash) ?? pool.get(hash)?.leaf.bytes;
      if (bytes !== undefined) found.set(hash, bytes);
    }
    const unknown = hashes.filter((hash) => !found.has(hash));
    if (unknown.length === 0) return;
    for (const [hash, bytes] of await peers.leaves(root, unknown, signal)) {
      if (leafHash(bytes) === hash) found.set(hash, bytes);
    }
  }

  #sequenced(hash: Hex, bytes: Uint8Array): SequencedLeaf {
    const pending = this.#parts.pool.get(hash);
    if (pending !== undefined) return { hash, id: pending.id, leaf: pending.leaf };
    try {
      const leaf = decodeLeaf(bytes);
      return { hash, id: leafId(this.#parts.networkId, leaf), leaf };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { hash, id: undefined, refusal: error };
    }
  }
}
