/** What other institutions may ask of this node, and who answers. */
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { Endorser, Obtain } from "./batches/endorser.ts";
import { Objection } from "./batches/objection.ts";
import type { Checkpointer } from "./checkpoints/checkpointer.ts";
import type { Directory } from "./directory.ts";
import type { BatchFetcher } from "./gossip/batch-fetcher.ts";
import type { NodeHandlers } from "./gossip/messages/kinds.ts";
import type { PendingPool } from "./pending-pool.ts";
import type { Replica } from "./replica.ts";
import type { Logger } from "./service/telemetry.ts";
import type { LeafStore } from "./store/leaf-store.ts";

export type AnswerParts = {
  readonly directory: Directory;
  /** Absent on an observer, which endorses nothing. */
  readonly endorser: Endorser | undefined;
  readonly fetcher: BatchFetcher;
  readonly pool: Pick<PendingPool, "get">;
  readonly leaves: Pick<LeafStore, "getBatch" | "leavesNamed">;
  readonly checkpointer: Checkpointer;
  readonly replica: Replica;
  readonly logger: Logger;
  /** Of this software. */
  readonly version: string;
};

/** Whoever asks and whoever answers know each other; this is what stands while the node is put together. */
export class PeerAnswers implements NodeHandlers {
  #parts: AnswerParts | undefined;

  /** From here on there are answers. */
  begin(parts: AnswerParts): void {
    this.#parts = parts;
  }

  readonly propose: NodeHandlers["propose"] = async ({ batch, seq }, { from, signal }) => {
    const { endorser, directory, fetcher, logger } = this.#ready;
    if (endorser === undefined) throw new Refusal("forbidden", "an observer endorses nothing");
    if (directory.memberOf(from) !== batch.member) {
      throw new Refusal("forbidden", `peer ${from} is not member ${batch.member}`);
    }
    try {
      const obtain: Obtain = (root, hashes) => fetcher.leaves(root, hashes, signal, from);
      return { kind: "endorsed", signature: await endorser.endorse(batch, seq, obtain) };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const leaves = error instanceof Objection ? error.leaves : [];
      const { member, number } = batch;
      // One that only comes too early is no one's fault.
      const level = error.code === "busy" ? "debug" : "warn";
      logger[level]({ member, number, err: error, leaves }, "a batch is not endorsed here");
      return { kind: "refused", reason: { code: error.code, text: error.detail }, leaves };
    }
  };

  /** Also of a batch that is not stored here: one that only came by gossip may be had nowhere else. */
  readonly leaves: NodeHandlers["leaves"] = async ({ root, hashes }) => {
    const { leaves, pool } = this.#ready;
    const stored = await leaves.leavesNamed(root, hashes);
    return hashes.map((hash, i) => stored[i] ?? pool.get(hash)?.leaf.bytes);
  };

  readonly batch: NodeHandlers["batch"] = async (root) => this.#ready.leaves.getBatch(root);

  readonly checkpoint: NodeHandlers["checkpoint"] = async ({ cycle, digest }) =>
    this.#ready.checkpointer.answer(cycle, digest);

  readonly status: NodeHandlers["status"] = async () => {
    const { replica, version } = this.#ready;
    const blockNumber = replica.store.place?.blockNumber ?? 0;
    return { seq: replica.state.seq, blockNumber, version };
  };

  get #ready(): AnswerParts {
    if (this.#parts === undefined) throw new Refusal("unavailable", "the node is starting");
    return this.#parts;
  }
}
