/**
 * Where a purse keeps what it must not forget. One write is whole or not at all, and is durable before
 * it resolves: no message leaves a purse before the write that stands behind it. The values hold the
 * ephemeral keys of open requests, so a store is as private as the purse.
 */

/** A row that is put, or taken away where there is no value. */
export type StoreChange = { readonly key: string; readonly value: Uint8Array | undefined };

export interface PurseStore {
  /** Every row, read once when the purse is opened. */
  rows(): Promise<ReadonlyMap<string, Uint8Array>>;
  /**
   * All of the changes or none. After an error it is unknown which: whoever writes stops, and opens the
   * store again to learn it.
   */
  write(changes: readonly StoreChange[]): Promise<void>;
  /** Lets go of the store, so that another may open it. */
  close(): Promise<void>;
}

/** Rows in memory: for tests, simulations, and purses that are to be forgotten. */
export class MemoryPurseStore implements PurseStore {
  readonly #rows = new Map<string, Uint8Array>();

  async rows(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map(this.#rows);
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    applyChanges(this.#rows, changes);
  }

  async close(): Promise<void> {}
}

/** What a write does to rows held in memory. */
export function applyChanges(rows: Map<string, Uint8Array>, changes: readonly StoreChange[]): void {
  for (const { key, value } of changes) {
    if (value === undefined) rows.delete(key);
    else rows.set(key, value);
  }
}
