/**
 * Goes once through everything in a store, part by part, and comes to the tally of what is there at its end,
 * while others write: of what is written behind it, it is told. No write is under way while it takes a part.
 */
import { compareBytes } from "../../protocol/bytes.ts";
import { sealedChecksum } from "./sealed-value.ts";
import type { Entry } from "./store-view.ts";
import { Count, type Tally, TALLY_KEY } from "./tally.ts";

/** Whoever has something to say of what is in a store; each call may throw. Nothing is written during a call. */
export type Inspector = {
  /** Is shown all entries in order, some at a time. */
  readonly visit: (entries: readonly Entry[]) => void;
  /** A key that was visited, or passed, came to hold an entry (1), another one (0) or none (-1). */
  readonly changed?: (key: Uint8Array, by: number) => void;
  /** All were visited. */
  readonly end?: () => void;
};

export class Sweep {
  readonly inspector: Inspector | undefined;
  readonly #count = new Count();
  /** The last key that was passed. */
  #passed: Uint8Array = TALLY_KEY;

  constructor(inspector: Inspector | undefined) {
    this.inspector = inspector;
  }

  /** How many entries there are up to where it has come. */
  get entries(): number {
    return this.#count.entries;
  }

  /** @param rows as they are stored: the next ones, ascending. */
  pass(rows: readonly Entry[]): void {
    for (const [, sealed] of rows) this.#count.add(sealedChecksum(sealed));
    this.#passed = rows.at(-1)?.[0] ?? this.#passed;
  }

  /** To be told of each entry before it is written: the checksums of what its key holds and will hold. */
  changing(key: Uint8Array, before: number | undefined, after: number | undefined): void {
    if (compareBytes(key, this.#passed) > 0) return;
    if (before !== undefined) this.#count.remove(before);
    if (after !== undefined) this.#count.add(after);
    this.inspector?.changed?.(key, Number(after !== undefined) - Number(before !== undefined));
  }

  comesTo(tally: Tally): boolean {
    return this.#count.equals(tally);
  }
}
