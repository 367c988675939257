/**
 * Keeps every wanted peer connected: whom to dial, and when. Failures wait longer each time, with jitter
 * so that a network that comes back is not stormed. A connection that ends at once counts as a failure:
 * the other side may not have heard of us yet.
 */
import type { Random } from "../../protocol/random.ts";

export type DiallerOptions = {
  /** Dials one peer. Rejects when it could not be reached. */
  readonly dial: (peer: string) => Promise<void>;
  readonly now: () => number;
  readonly random: Random;
};

const FIRST_DELAY_MS = 250;
const DELAY_MAX_MS = 10_000;
/** A connection that lasted this long was a good one. */
const STABLE_MS = 10_000;

type Target = {
  /** Tries since the last good connection. */
  failures: number;
  timer: NodeJS.Timeout | undefined;
  connectedAt: number | undefined;
};

export class Dialler {
  readonly #options: DiallerOptions;
  readonly #targets = new Map<string, Target>();

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  /** Begins to dial a peer, at once or, so that two peers do not dial each other at one time, a little later. */
  want(peer: string, eager: boolean): void {
    if (this.#targets.has(peer)) return;
    const target: Target = { failures: 0, timer: undefined, connectedAt: undefined };
    this.#targets.set(peer, target);
    this.#schedule(peer, target, eager ? 0 : 2 * FIRST_DELAY_MS);
  }

  forget(peer: string): void {
    clearTimeout(this.#targets.get(peer)?.timer);
    this.#targets.delete(peer);
  }

  connected(peer: string): void {
    const target = this.#targets.get(peer);
    if (target === undefined) return;
    clearTimeout(target.timer);
    target.connectedAt = this.#options.now();
  }

  lost(peer: string): void {
    const target = this.#targets.get(peer);
    if (target === undefined) return;
    // One that came by itself before it was wanted counts as one that was just there.
    const { connectedAt = this.#options.now() } = target;
    const isStable = this.#options.now() - connectedAt >= STABLE_MS;
    target.failures = isStable ? 0 : target.failures + 1;
    target.connectedAt = undefined;
    this.#schedule(peer, target, this.#delayMs(target.failures));
  }

  stop(): void {
    for (const peer of this.#targets.keys()) this.forget(peer);
  }

  #schedule(peer: string, target: Target, delayMs: number): void {
    clearTimeout(target.timer);
    target.timer = setTimeout(() => void this.#dial(peer, target), delayMs);
  }

  async #dial(peer: string, target: Target): Promise<void> {
    try {
      await this.#options.dial(peer);
    } catch {
      const isCurrent = this.#targets.get(peer) === target && target.connectedAt === undefined;
      if (isCurrent) this.#schedule(peer, target, this.#delayMs(++target.failures));
    }
  }

  #delayMs(failures: number): number {
    const jitter = 0.5 + this.#options.random(1)[0]! / 255;
    return Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 16)) * jitter;
  }
}
