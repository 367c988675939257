/** Batches that are on disk and still in memory: what was just endorsed is folded and fetched next. */
import type { Hex } from "../../protocol/bytes.ts";
import type { WholeBatch } from "./leaf-store.ts";

/** So many are kept, and as many again: 8 MB of payments. */
const RECENT_LEAVES = 1 << 14;

export class RecentBatches {
  /** Those of late, and those before them, which go all at once. */
  #recent = new Map<Hex, WholeBatch>();
  #earlier = new Map<Hex, WholeBatch>();
  #recentLeaves = 0;

  put(root: Hex, whole: WholeBatch): void {
    this.#recent.set(root, whole);
    this.#recentLeaves += whole.leaves.length;
    if (this.#recentLeaves < RECENT_LEAVES) return;
    this.#earlier = this.#recent;
    this.#recent = new Map();
    this.#recentLeaves = 0;
  }

  get(root: Hex): WholeBatch | undefined {
    return this.#recent.get(root) ?? this.#earlier.get(root);
  }
}
