/**
 * Compares a state in memory with the rows of the database as they were at one moment, while events go on.
 * A state that came from its cache is held to what the database says, so that the database stays the truth.
 */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { equalBytes } from "../../protocol/bytes.ts";
import { decodeStateEntry, encodeStateEntry } from "../../protocol/state-entry.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { CheckedStore } from "../service/checked-store.ts";
import { DamagedStoreError } from "../service/store-errors.ts";
import type { Entry } from "../service/store-view.ts";
import { isStateKey, stateKeyOf } from "./keys.ts";

export class StateComparison {
  readonly #state: LedgerState;
  readonly #store: CheckedStore;
  /** Entries that are few, as they were. */
  readonly #few: ReadonlyMap<Hex, Uint8Array>;
  /** Rows that are still to be seen. */
  #left: number;

  /** To be made at the moment of which the rows are shown, between two events. */
  constructor(state: LedgerState, store: CheckedStore) {
    this.#state = state;
    this.#store = store;
    const few = state.seq === 0 ? [] : [...state.fewEntries()].map(encodeStateEntry);
    this.#few = new Map(few.map(([key, value]) => [toHex(key), value]));
    this.#left = state.coinCount + state.enrolledCount + this.#few.size;
  }

  /** @throws DamagedStoreError at a row that memory does not hold. */
  async visit(entries: readonly Entry[]): Promise<void> {
    const rows = entries.filter(([key]) => isStateKey(key));
    this.#left -= rows.length;
    for (const [key, value] of rows) {
      if (this.#holds(stateKeyOf(key), value)) continue;
      // The database changes before memory: where it has the row still, no event took it.
      const now = await this.#store.get(key);
      if (now !== undefined && equalBytes(now, value)) this.#differs(`row ${toHex(key)}`);
    }
  }

  /** To be called when every row was seen. @throws DamagedStoreError if memory holds others. */
  end(): void {
    if (this.#left !== 0) this.#differs(`${Math.abs(this.#left)} rows`);
  }

  #holds(key: Uint8Array, value: Uint8Array): boolean {
    if (this.#state.holdsCoin(key, value)) return true;
    const few = this.#few.get(toHex(key));
    if (few !== undefined) return equalBytes(few, value);
    const entry = decodeStateEntry(key, value);
    return entry.kind === "enrolled" && this.#state.custodianOf(entry.owner) === entry.member;
  }

  #differs(what: string): never {
    throw new DamagedStoreError(this.#store.folder, `memory and disk differ in ${what}`);
  }
}
