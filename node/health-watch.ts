/**
 * Which members take part, as this node sees it: with whom it is connected, since when it is not, when each last
 * put a batch into the log, and whether it comes to the same checkpoints. Of what was before the node's start it knows nothing, and says so.
 */
import type { MemberId } from "../protocol/output.ts";
import type { Agreement, Divergence } from "./checkpoints/agreement.ts";
import type { Directory } from "./directory.ts";
import type { Folded } from "./replica.ts";

export type HealthWatchParts = {
  readonly directory: Pick<Directory, "rows">;
  /** Peer ids it is connected with now, and its own. */
  readonly connected: () => readonly string[];
  readonly ownPeer: () => string;
  readonly agreement: Pick<Agreement, "divergent">;
  /** Milliseconds. */
  readonly now: () => number;
};

export type MemberHealth = {
  readonly member: MemberId;
  readonly name: string;
  readonly status: number;
  /** This node's own member counts as connected. */
  readonly connected: boolean;
  /** Milliseconds: since when it has been so, at the earliest this node's start. */
  readonly sinceMs: number;
  /** Block time of its last batch since the start, in whole seconds. */
  readonly lastBatchS: number | undefined;
  /** Since when it comes to other checkpoints than this node, and at which cycle it did last. */
  readonly divergence: Divergence | undefined;
};

/** How often the connections are looked at. */
const LOOK_MS = 2_000;

export class HealthWatch implements Disposable {
  readonly #parts: HealthWatchParts;
  readonly #states = new Map<string, { readonly connected: boolean; readonly sinceMs: number }>();
  readonly #lastBatchS = new Map<MemberId, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: HealthWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** To be told of every event. */
  folded({ placed: { event } }: Pick<Folded, "placed">): void {
    if (event.kind === "sequenced") this.#lastBatchS.set(event.member, event.timeS);
  }

  /** As of now, ascending. */
  members(): MemberHealth[] {
    this.#look();
    const { divergent } = this.#parts.agreement;
    return this.#parts.directory.rows.members
      .map(({ member, name, status, peerId }) => ({
        member,
        name,
        status,
        ...this.#states.get(peerId)!,
        lastBatchS: this.#lastBatchS.get(member),
        divergence: divergent.get(member),
      }))
      .toSorted((a, b) => a.member - b.member);
  }

  #look(): void {
    const { directory, connected, ownPeer, now } = this.#parts;
    const there = new Set([...connected(), ownPeer()]);
    for (const { peerId } of directory.rows.members) {
      const is = there.has(peerId);
      if (this.#states.get(peerId)?.connected !== is)
        this.#states.set(peerId, { connected: is, sinceMs: now() });
    }
  }
}
