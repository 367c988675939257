/**
 * The leaves of sequenced batches, for who folds them again. It does not matter who gives them: the root on
 * chain says whether they are what was sequenced. Nor does it matter who endorsed them: each signature is
 * checked here.
 */
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { decodeLeaf, leafHash, leafId } from "../../protocol/leaf.ts";
import { batchHeader } from "../../protocol/batch.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { SequencedEvent } from "../ledger/event.ts";
import type { SequencedLeaf } from "../ledger/fold.ts";
import type { LeafVerifier } from "../verification/verifier.ts";

/** The bytes of a batch's leaves, in their order. @throws Refusal `not-found`. */
export type BatchSource = (root: Hex) => Promise<readonly Uint8Array[]>;

export type CheckedLeavesParts = {
  readonly networkId: Uint8Array;
  readonly batches: BatchSource;
  readonly verifier: Pick<LeafVerifier, "verify">;
};

export class CheckedLeaves {
  readonly #parts: CheckedLeavesParts;
  /** Leaves whose signatures were checked. */
  checked = 0;

  constructor(parts: CheckedLeavesParts) {
    this.#parts = parts;
  }

  /**
   * The leaves of a batch, as the fold takes them.
   * @throws Refusal `bad-proof` for other leaves than were sequenced; `bad-signature` for one that no quorum
   *   should have endorsed.
   */
  async leavesOf(event: SequencedEvent): Promise<SequencedLeaf[]> {
    const root = toHex(event.root);
    const bytes = await this.#parts.batches(root);
    const hashes = bytes.map(leafHash);
    const { member, number } = event;
    const header = batchHeader({ member, number, leaves: hashes });
    if (header.root !== root || header.count !== event.count)
      throw new Refusal("bad-proof", `event ${event.seq} sequenced other leaves than were given`);
    const leaves = bytes.map((each, i) => this.#sequenced(hashes[i]!, each));
    const decoded = leaves.filter((each) => each.id !== undefined);
    const verdicts = await this.#parts.verifier.verify(decoded.map(({ leaf }) => leaf));
    const refused = verdicts.findIndex((verdict) => isRefusal(verdict, "bad-signature"));
    if (refused >= 0) {
      const text = `leaf ${decoded[refused]!.hash} of event ${event.seq} was endorsed, and its signature does not hold`;
      throw new Refusal("bad-signature", text);
    }
    this.checked += bytes.length;
    return leaves;
  }

  #sequenced(hash: Hex, bytes: Uint8Array): SequencedLeaf {
    try {
      const leaf = decodeLeaf(bytes);
      return { hash, id: leafId(this.#parts.networkId, leaf), leaf };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { hash, id: undefined, refusal: error };
    }
  }
}
