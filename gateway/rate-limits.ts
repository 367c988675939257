/**
 * How often somebody may ask: a bucket of tokens for each name, which fills by itself. Each name has a share of its
 * own, so that nobody uses up another's. So many names are remembered and no more; the one that has asked nothing
 * for longest is forgotten, and finds its bucket full when it comes again.
 */
import { TooOften } from "../node/service/problem.ts";

export type RateLimitsOptions = {
  readonly perS: number;
  /** How many at once, after a while of none. */
  readonly burst: number;
  readonly namesMax: number;
};

type Bucket = { tokens: number; filled: number };

export class RateLimits {
  readonly #options: RateLimitsOptions;
  readonly #clock: () => number;
  /** The one that asked last is last. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimitsOptions, clock: () => number) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Names remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * @param what is asked too often, in a few words.
   * @param count how much is asked at once.
   * @throws TooOften, a Refusal `rate-limited`.
   */
  take(name: string, what: string, count = 1): void {
    const { perS, burst, namesMax } = this.#options;
    const now = this.#clock();
    const known = this.#buckets.get(name) ?? { tokens: burst, filled: now };
    // A clock that was put back fills nothing.
    const gained = (Math.max(0, now - known.filled) * perS) / 1000;
    const tokens = Math.min(burst, known.tokens + gained);
    this.#buckets.delete(name);
    this.#buckets.set(name, { tokens: tokens >= count ? tokens - count : tokens, filled: now });
    if (this.#buckets.size > namesMax) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (tokens >= count) return;
    const rate = perS < 1 ? `${Math.round(perS * 60)} times a minute` : `${perS} times a second`;
    throw new TooOften(`${what} more than ${rate}`, Math.ceil((count - tokens) / perS));
  }
}
