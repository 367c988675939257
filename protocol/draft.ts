/**
 * Parts put together for whoever looks at once: to be hashed, summed up or verified. They lie in memory that is
 * used again, for making a few hundred bytes costs as much as hashing them.
 */
import { concat } from "./bytes.ts";

export class Draft {
  readonly #bytes: Uint8Array;

  /** @param length of the longest that is put together often; longer ones have memory of their own. */
  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
  }

  /** One part after the other: good until the next call. */
  join(...parts: readonly Uint8Array[]): Uint8Array {
    let length = 0;
    for (const part of parts) {
      if (length + part.length > this.#bytes.length) return concat(...parts);
      this.#bytes.set(part, length);
      length += part.length;
    }
    return this.#bytes.subarray(0, length);
  }
}
