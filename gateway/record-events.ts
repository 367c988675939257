/**
 * Tells whoever waits for a record what becomes of it, as it happens: that it has come here, that it has applied,
 * that another record took its coin, that the coin is paid once more. Each event is the whole explanation as it is
 * then, and its id is made of what it says: whoever comes back with the last id that it heard is told what has
 * changed since, and nothing if nothing has, by any gateway of the network and however long it was away. What was
 * true only meanwhile is not told: the newest says all of it.
 */
import { sha256 } from "#sha256";
import { type Hex, utf8 } from "../protocol/bytes.ts";
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

  /** Wakes those who follow records that were taken in here. */
  handleTaken(leaves: readonly { readonly id: Hex }[]): void {
    for (const { id } of leaves) this.#wake(id);
  }

  /**
   * The record as it stands now, and again whenever that changes, until `signal` is aborted.
   * @param heard id of the last event that was heard.
   * @throws Refusal `unavailable` while the node does not answer.
   */
  async *follow(
    id: Hex,
    heard: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ServerEvent<Explanation>> {
    const follower: Follower = { isStale: true, wake: () => undefined };
    const wake = () => follower.wake();
    const followers = this.#followers.get(id) ?? new Set();
    this.#followers.set(id, followers.add(follower));
    signal.addEventListener("abort", wake);
    try {
      for (let last = heard; !signal.aborted; ) {
        if (!follower.isStale) await new Promise<void>((resolve) => (follower.wake = resolve));
        if (signal.aborted) return;
        follower.isStale = false;
        const data = await this.#explain(id);
        const version = versionOf(data);
        if (version === last) continue;
        last = version;
        yield { id: version, data };
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

/** 48 bits of the hash of what is told. */
function versionOf(explanation: object): number {
  return Buffer.from(sha256(utf8.encode(JSON.stringify(explanation)))).readUIntBE(0, 6);
}
