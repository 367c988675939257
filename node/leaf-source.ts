/**
 * Finds the leaves of a sequenced batch: in the pool, on disk, or with the members that endorsed it. The
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
import type { LeafStore } from "./store/leaf-store.ts";

/** Asks other institutions, several at once. */
export interface BatchPeers {
  /** The batch with this root, from whoever has it. */
  batch(root: Hex, signal: AbortSignal): Promise<Batch | undefined>;
  /** The bytes of as many of these leaves as can be had, by hash. */
  leaves(hashes: readonly Hex[], signal: AbortSignal): Promise<ReadonlyMap<Hex, Uint8Array>>;
}

export type LeafSourceParts = {
  readonly networkId: Uint8Array;
  readonly pool: Pick<PendingPool, "get">;
  readonly store: Pick<LeafStore, "getBatch" | "getMany" | "put" | "putBatch">;
  readonly peers: BatchPeers;
  readonly logger: Logger;
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
    for (;;) {
      const batch = await this.#batch(root, event, signal);
      const bytes = batch && (await this.#bytes(batch.leaves, signal));
      if (bytes !== undefined) {
        this.#missing = undefined;
        const leaves = bytes.length;
        this.#parts.logger.debug(
          { seq: event.seq, root, leaves },
          "the leaves of a batch are here",
        );
        return batch!.leaves.map((hash, i) => this.#sequenced(hash, bytes[i]!));
      }
      signal.throwIfAborted();
      if (this.#missing !== root)
        this.#parts.logger.warn({ root, seq: event.seq }, "bytes of a batch are missing");
      this.#missing = root;
      await sleep(RETRY_MS, undefined, { signal });
    }
  }

  async #batch(root: Hex, event: SequencedEvent, signal: AbortSignal): Promise<Batch | undefined> {
    const held = await this.#parts.store.getBatch(root);
    if (held !== undefined) return held;
    const batch = await this.#parts.peers.batch(root, signal);
    if (batch === undefined) return undefined;
    const header = batchHeader(batch);
    if (header.root !== root || header.count !== event.count) {
      this.#parts.logger.error({ root }, "a peer gave another batch than was asked for");
      return undefined;
    }
    const sequenced = { ...batch, member: event.member, number: event.number };
    await this.#parts.store.putBatch(root, sequenced);
    return sequenced;
  }

  /** All the bytes, or none while some cannot be had. */
  async #bytes(hashes: readonly Hex[], signal: AbortSignal): Promise<Uint8Array[] | undefined> {
    const { pool, store, peers } = this.#parts;
    const stored = await store.getMany(hashes);
    const absent = hashes.filter((_, i) => stored[i] === undefined);
    if (absent.length === 0) return stored as Uint8Array[];
    const found = new Map<Hex, Uint8Array>();
    for (const hash of absent) {
      const pending = pool.get(hash);
      if (pending !== undefined) found.set(hash, pending.leaf.bytes);
    }
    const unknown = absent.filter((hash) => !found.has(hash));
    if (unknown.length > 0) {
      for (const [hash, bytes] of await peers.leaves(unknown, signal)) {
        if (leafHash(bytes) === hash) found.set(hash, bytes);
      }
    }
    await store.put([...found]);
    if (absent.some((hash) => !found.has(hash))) return undefined;
    return hashes.map((hash, i) => stored[i] ?? found.get(hash)!);
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
