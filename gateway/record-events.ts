/**
 * Tells whoever waits for a record what becomes of it, as it happens: that it has applied, that another record
 * took its coin, that the coin is paid once more. Each event is the whole explanation as it is then.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { ConflictRow, FoldedEvent } from "../node/client.ts";
import type { ServerEvent } from "../node/service/event-stream.ts";

type Follower = { isStale: boolean; wake: () => void };

export class RecordEvents<Explanation extends object> {
  readonly #explain: (id: Hex) => Promise<Explanation>;
  readonly #followers = new Map<Hex, Set<Follower>>();

  constructor(explain: (id: Hex) => Promise<Explanation>) {
    this.#explain = explain;
  }

  /** Wakes those who follow a record that an event is about; a settlement is about all of them. */
  handle({ kind, applied, refused, restituted }: FoldedEvent): void {
    if (kind === "settled" || kind === "cycle-closed") {
      for (const id of this.#followers.keys()) this.#wake(id);
    }
    for (const id of applied) this.#wake(id);
    for (const { id } of refused) if (id !== undefined) this.#wake(id);
    if (restituted !== undefined) this.#wake(restituted.loser);
  }

  handleDoubleSpend({ winner, loser }: ConflictRow): void {
    this.#wake(winner);
    this.#wake(loser);
  }

  /** The record as it stands now, and again whenever that changes, until `signal` is aborted. */
  async *follow(id: Hex, signal: AbortSignal): AsyncGenerator<ServerEvent<Explanation>> {
    const follower: Follower = { isStale: true, wake: () => undefined };
    const wake = () => follower.wake();
    const followers = this.#followers.get(id) ?? new Set();
    this.#followers.set(id, followers.add(follower));
    signal.addEventListener("abort", wake);
    try {
      let last = "";
      for (let number = 1; !signal.aborted; ) {
        if (!follower.isStale) await new Promise<void>((resolve) => (follower.wake = resolve));
        if (signal.aborted) return;
        follower.isStale = false;
        const data = await this.#explain(id);
        const text = JSON.stringify(data);
        if (text === last) continue;
        last = text;
        yield { id: number++, data };
      }
    } finally {
      signal.removeEventListener("abort", wake);
      followers.delete(follower);
      if (followers.size === 0) this.#followers.delete(id);
    }
  }

  #wake(id: string): void {
    for (const follower of this.#followers.get(id as Hex) ?? []) {
      follower.isStale = true;
      follower.wake();
    }
  }
}
