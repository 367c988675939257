/** Chance from a seed: the same seed gives the same run on every machine. */

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    for (let i = 0; i < 4; i++) this.#next();
  }

  /** A whole number from 0 to `below` - 1. */
  int(below: number): number {
    return this.#next() % below;
  }

  /** True in `percent` of a hundred cases. */
  is(percent: number): boolean {
    return this.int(100) < percent;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(from.length)]!;
  }

  /** Up to `count` different ones, in random order. */
  some<T>(from: readonly T[], count: number): T[] {
    const left = [...from];
    const taken: T[] = [];
    while (left.length > 0 && taken.length < count) {
      taken.push(...left.splice(this.int(left.length), 1));
    }
    return taken;
  }

  /** One of the rows, each as often as its weight says. */
  weighted<T>(rows: readonly (readonly [weight: number, T])[]): T {
    let at = this.int(rows.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, row] of rows) {
      if (at < weight) return row;
      at -= weight;
    }
    throw new Error("the weights do not add up");
  }

  /** Cuts an amount into at most `parts` amounts of at least one. */
  split(amount: bigint, parts: number): bigint[] {
    const cut: bigint[] = [];
    let left = amount;
    while (cut.length + 1 < parts && left > 1n) {
      const part = 1n + (left * BigInt(this.int(1000))) / 1001n;
      if (part >= left) break;
      cut.push(part);
      left -= part;
    }
    return [...cut, left];
  }

  /** Thirty-two bits (Steele and Vigna's splitmix, in 32 bits). */
  #next(): number {
    this.#state = (this.#state + 0x9e37_79b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  }
}
