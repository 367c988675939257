/** A store that fails at one of its writes, before or after it has reached what keeps it. */
import type { PurseStore, StoreChange } from "../../../device/purse-store.ts";

export class CutStore implements PurseStore {
  readonly #inner: PurseStore;
  /** How many writes there have been. */
  writes = 0;
  /** The write that fails, counted from 1, and whether it is kept all the same; nothing fails without. */
  cut: { readonly at: number; readonly isKept: boolean } | undefined;

  constructor(inner: PurseStore) {
    this.#inner = inner;
  }

  rows(): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#inner.rows();
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    const isCut = ++this.writes === this.cut?.at;
    if (!isCut || this.cut!.isKept) await this.#inner.write(changes);
    if (isCut) throw new CutError();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** The power went. */
export class CutError extends Error {}

/** Whether the power went, be it said by the purse or by the store. */
export function isCut(error: unknown): boolean {
  return error instanceof Error && (error instanceof CutError || isCut(error.cause));
}
