/**
 * How peers behaved. Honest software never sends an invalid frame, a false answer or garbage: one of
 * them is enough to drop a peer for a while, longer each time, so that a liar costs little and a member
 * whose software was mended comes back by itself.
 */

/** What a peer did: the word that logs and metrics carry. */
export type Offence = "invalid-frame" | "garbage" | "false-answer" | "gossip-score";

const BAN_FIRST_MS = 30_000;
const BAN_MAX_MS = 10 * 60_000;

export class Conduct {
  readonly #now: () => number;
  readonly #records = new Map<string, { readonly counts: Map<Offence, number>; until: number }>();

  /** @param now milliseconds, from any start. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts an offence. Returns for how many milliseconds the peer is banned from now on. */
  offend(peer: string, offence: Offence): number {
    const record = this.#records.get(peer) ?? { counts: new Map<Offence, number>(), until: 0 };
    this.#records.set(peer, record);
    record.counts.set(offence, (record.counts.get(offence) ?? 0) + 1);
    const earlier = sum(record.counts) - 1;
    const banMs = Math.min(BAN_MAX_MS, BAN_FIRST_MS * 2 ** Math.min(earlier, 16));
    record.until = this.#now() + banMs;
    return banMs;
  }

  isBanned(peer: string): boolean {
    return this.#now() < (this.#records.get(peer)?.until ?? Number.NEGATIVE_INFINITY);
  }

  /** How often each peer did what, since the start. */
  offences(): { readonly peer: string; readonly offence: Offence; readonly count: number }[] {
    return [...this.#records].flatMap(([peer, { counts }]) =>
      [...counts].map(([offence, count]) => ({ peer, offence, count })),
    );
  }
}

function sum(counts: ReadonlyMap<Offence, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
