/**
 * Compares a state in memory with the rows of the database, part by part, while events go on. A state that came
 * from its cache is held to what the database says, so that the database stays the truth.
 */
import { equalBytes, type Hex, toHex } from "../../protocol/bytes.ts";
import { decodeStateEntry, encodeStateEntry } from "../../protocol/state-entry.ts";
import type { LedgerState } from "../ledger/state.ts";
import { DamagedStoreError } from "../service/store-errors.ts";
import type { Entry } from "../service/store-view.ts";
import type { Inspector } from "../service/sweep.ts";
import { isStateKey, stateKeyOf } from "./keys.ts";

/** Each call comes between two events, when memory is what the rows are. */
export class StateComparison implements Inspector {
  readonly #state: LedgerState;
  readonly #folder: string;
  /** Entries that are few, as they were when one was last looked for in vain. */
  #few: ReadonlyMap<Hex, Uint8Array>;
  /** Rows up to where it has come. */
  #rows = 0;

  /** @param folder of the database. */
  constructor(state: LedgerState, folder: string) {
    this.#state = state;
    this.#folder = folder;
    this.#few = fewOf(state);
  }

  /** @throws DamagedStoreError at a row that memory does not hold. */
  visit(entries: readonly Entry[]): void {
    for (const [key, value] of entries) {
      if (!isStateKey(key)) continue;
      this.#rows++;
      if (!this.#holds(stateKeyOf(key), value)) this.#differs(`row ${toHex(key)}`);
    }
  }

  changed(key: Uint8Array, by: number): void {
    if (isStateKey(key)) this.#rows += by;
  }

  /** @throws DamagedStoreError if memory holds others. */
  end(): void {
    const { coinCount, enrolledCount } = this.#state;
    const left = coinCount + enrolledCount + fewOf(this.#state).size - this.#rows;
    if (left !== 0) this.#differs(`${Math.abs(left)} rows`);
  }

  #holds(key: Uint8Array, value: Uint8Array): boolean {
    if (this.#state.holdsCoin(key, value)) return true;
    const entry = decodeStateEntry(key, value);
    if (entry.kind === "coin") return false;
    if (entry.kind === "enrolled") return this.#state.custodianOf(entry.owner) === entry.member;
    if (this.#holdsFew(key, value)) return true;
    this.#few = fewOf(this.#state);
    return this.#holdsFew(key, value);
  }

  #holdsFew(key: Uint8Array, value: Uint8Array): boolean {
    const few = this.#few.get(toHex(key));
    return few !== undefined && equalBytes(few, value);
  }

  #differs(what: string): never {
    throw new DamagedStoreError(this.#folder, `memory and disk differ in ${what}`);
  }
}

function fewOf(state: LedgerState): ReadonlyMap<Hex, Uint8Array> {
  const few = state.seq === 0 ? [] : [...state.fewEntries()].map(encodeStateEntry);
  return new Map(few.map(([key, value]) => [toHex(key), value]));
}
