/** Everything that is random on the attackers' side and on the devices': one seed, one sequence. */
import { createHash } from "node:crypto";

export class Chance {
  readonly #seed: string;
  #drawn = 0;

  /** @param seed any text; the same seed draws the same. */
  constructor(seed: string) {
    this.#seed = seed;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      bytes.set(this.#block().subarray(0, Math.min(32, length - at)), at);
    }
    return bytes;
  }

  /** From `least` to `most`, both included. */
  integer(least: number, most: number): number {
    const span = BigInt(most - least + 1);
    return least + Number(this.#block().readBigUInt64BE() % span);
  }

  /** Minor units. */
  amount(least: bigint, most: bigint): bigint {
    return BigInt(this.integer(Number(least), Number(most)));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)]!;
  }

  #block(): Buffer {
    return createHash("sha256")
      .update(`${this.#seed}/${this.#drawn++}`)
      .digest();
  }
}
