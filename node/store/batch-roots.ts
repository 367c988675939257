/** The roots of the batches that events sequenced. They never change: those asked for lately stay in memory. */
import type { Hex } from "../../protocol/bytes.ts";

/** Half a megabyte: a walk goes back over many records of few batches. */
const KEPT = 4_096;

export class BatchRoots {
  /** @returns roots in the order of `seqs`. */
  readonly #read: (seqs: readonly number[]) => Promise<readonly Hex[]>;
  readonly #roots = new Map<number, Hex>();

  constructor(read: (seqs: readonly number[]) => Promise<readonly Hex[]>) {
    this.#read = read;
  }

  /** In the order of `seqs`. */
  async of(seqs: readonly number[]): Promise<Hex[]> {
    const found = new Map<number, Hex>();
    const unknown = new Set<number>();
    for (const seq of seqs) {
      const root = this.#roots.get(seq);
      if (root === undefined) unknown.add(seq);
      else found.set(seq, root);
    }
    if (unknown.size > 0) {
      const read = await this.#read([...unknown]);
      for (const [i, seq] of [...unknown].entries()) {
        found.set(seq, read[i]!);
        this.#keep(seq, read[i]!);
      }
    }
    return seqs.map((seq) => found.get(seq)!);
  }

  #keep(seq: number, root: Hex): void {
    this.#roots.set(seq, root);
    const [oldest] = this.#roots.size > KEPT ? this.#roots.keys() : [];
    if (oldest !== undefined) this.#roots.delete(oldest);
  }
}
