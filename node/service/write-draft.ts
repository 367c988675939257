/** One write as it is put together: what LevelDB is to do, and the tally that goes with it. */
import { type Batch, type Database, emptyBatch } from "./level-database.ts";
import { seal, sealBriefly, sealedChecksum } from "./sealed-value.ts";
import type { Sweep } from "./sweep.ts";
import { Count, encodeTally, type Tally, TALLY_KEY } from "./tally.ts";

export class WriteDraft {
  readonly #batch: Batch;
  readonly #count: Count;
  readonly #number: number;
  readonly #sweeps: ReadonlySet<Sweep>;

  /** @param tally as it is before. @param sweeps are told of every change. */
  constructor(level: Database, tally: Tally, sweeps: ReadonlySet<Sweep>) {
    this.#batch = emptyBatch(level);
    this.#count = new Count(tally);
    this.#number = tally.number + 1;
    this.#sweeps = sweeps;
  }

  /**
   * Key and value are copied. @param value `null` deletes.
   * @param before checksum of what the key holds before, undefined for nothing.
   */
  add(key: Uint8Array, value: Uint8Array | null, before: number | undefined): void {
    if (before !== undefined) this.#count.remove(before);
    let after: number | undefined;
    if (value === null) this.#batch.del(key);
    else {
      const sealed = sealBriefly(key, value);
      after = sealedChecksum(sealed);
      this.#count.add(after);
      this.#batch.put(key, sealed);
    }
    for (const sweep of this.#sweeps) sweep.changing(key, before, after);
  }

  /** Writes all of it durably, or nothing. @returns the tally that it wrote. */
  async write(): Promise<Tally> {
    const tally = this.#count.tally(this.#number);
    this.#batch.put(TALLY_KEY, sealTally(tally));
    await this.#batch.write({ sync: true });
    return tally;
  }
}

export function sealTally(tally: Tally): Uint8Array {
  return seal(TALLY_KEY, encodeTally(tally));
}
