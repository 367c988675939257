/**
 * Why leaves never came to the ledger, or were given up, for whoever asks. It is advice, and bounded: the last thousands
 * are remembered. What was acknowledged and given up is remembered over a restart, too; of what was turned down at
 * the door its sender has heard.
 */
import type { Hex } from "../protocol/bytes.ts";
import { Refusal, type RefusalCode } from "../protocol/refusal.ts";
import { keys, numberIn, ranges } from "./keys.ts";
import { decodeRow, encodeRow } from "./row.ts";
import type { Change, Store } from "./store.ts";

type Row = {
  readonly id: Hex;
  readonly hash: Hex;
  readonly code: RefusalCode;
  readonly detail: string;
};

const REMEMBERED = 10_000;

export class Reasons {
  /** A Map keeps the order of insertion: the oldest goes. */
  readonly #reasons = new Map<Hex, { readonly reason: Refusal; readonly hash?: Hex }>();
  /** Rows on the disk have the numbers after this one, up to the last. */
  #before = 0;
  #last = 0;

  /** Finds what was given up before. */
  static async open(store: Pick<Store, "entries">): Promise<Reasons> {
    const reasons = new Reasons();
    for await (const [key, value] of store.entries(ranges.reasons)) {
      const { id, hash, code, detail } = decodeRow<Row>(value);
      reasons.#last = numberIn(key);
      reasons.#before ||= reasons.#last - 1;
      reasons.remember(id, new Refusal(code, detail), hash);
    }
    return reasons;
  }

  get(id: Hex): Refusal | undefined {
    return this.#reasons.get(id)?.reason;
  }

  /** Whether this very leaf was given up: a stranger's with the same id says nothing of it. */
  isGivenUp(id: Hex, hash: string | undefined): boolean {
    return hash !== undefined && this.#reasons.get(id)?.hash === hash;
  }

  remember(id: Hex, reason: Refusal, hash?: Hex): void {
    this.#reasons.delete(id);
    if (this.#reasons.size >= REMEMBERED) {
      this.#reasons.delete(this.#reasons.keys().next().value!);
    }
    this.#reasons.set(id, { reason, ...(hash === undefined ? {} : { hash }) });
  }

  /** Remembers it; and what is to be written with the end of the leaf. */
  keep({ id, hash }: { readonly id: Hex; readonly hash: Hex }, reason: Refusal): Change[] {
    this.remember(id, reason, hash);
    const { code, detail } = reason;
    const row: Row = { id, hash, code, detail };
    const changes: Change[] = [
      { key: keys.reason(++this.#last), value: encodeRow(row), old: null },
    ];
    if (this.#last - this.#before > REMEMBERED)
      changes.push({ key: keys.reason(++this.#before), value: null });
    return changes;
  }
}
