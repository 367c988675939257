/** Where a record stands among those that a cycle applied, and the path from it to the cycle's root. */
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { hashLeaf, merkleRows, proofIn } from "../../protocol/merkle.ts";

export type AppliedProof = {
  /** From 0. */
  readonly position: number;
  /** Sibling hashes, lowest first. */
  readonly path: readonly Uint8Array[];
};

type Tree = {
  readonly positions: ReadonlyMap<Hex, number>;
  readonly rows: readonly (readonly Uint8Array[])[];
};

export class AppliedProofs {
  readonly #appliedIn: (cycle: number) => Promise<readonly Hex[]>;
  /** The tree that was needed last: a cycle with one double spend has more of them. */
  #last: { readonly number: number; readonly tree: Promise<Tree> } | undefined;

  /** @param appliedIn ids of the records that a closed cycle applied, in order. */
  constructor(appliedIn: (cycle: number) => Promise<readonly Hex[]>) {
    this.#appliedIn = appliedIn;
  }

  /** @throws Error if the cycle applied no such record. */
  async of(cycle: number, record: Hex): Promise<AppliedProof> {
    if (this.#last?.number !== cycle) this.#last = { number: cycle, tree: this.#read(cycle) };
    const { positions, rows } = await this.#last.tree;
    const position = positions.get(record);
    if (position === undefined) throw new Error(`cycle ${cycle} applied no record ${record}`);
    return { position, path: proofIn(rows, position) };
  }

  /** Lets go of the memory: some 300 bytes a record of the cycle. */
  forget(): void {
    this.#last = undefined;
  }

  async #read(cycle: number): Promise<Tree> {
    const ids = await this.#appliedIn(cycle);
    return {
      positions: new Map(ids.map((id, position) => [id, position])),
      rows: merkleRows(ids.map((id) => hashLeaf(fromHex(id, 32)))),
    };
  }
}
