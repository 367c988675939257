/**
 * A purse's store in a browser: one write is one transaction of IndexedDB, flushed to disk before it is
 * acknowledged. One page has it open at a time: two would pay with the same coins. A lock of the browser's
 * sees to that, and falls with the page that holds it. A copy of the rows is of no use elsewhere, since the
 * purse is bound to a device key that cannot be copied with them.
 */
import { Refusal } from "../../protocol/refusal.ts";
import type { PurseStore, StoreChange } from "../purse-store.ts";
import { finished, openDatabase, resultOf, ROWS } from "./database.ts";

/** A page that is reloaded or closed lets go of its lock a moment after another may have come. */
const PATIENCE_MS = 1_000;

export class IndexedDbPurseStore implements PurseStore {
  readonly #name: string;
  readonly #database: IDBDatabase;
  readonly #unlock: () => void;
  #failure: Error | undefined;

  private constructor(name: string, database: IDBDatabase, unlock: () => void) {
    this.#name = name;
    this.#database = database;
    this.#unlock = unlock;
    // The person has cleared the site's data, or the disk is gone.
    database.onclose = () => {
      this.#failure ??= new Error(`the database ${name} was taken away`);
    };
  }

  /** @param name of the database; it is made if it is not there. @throws Refusal `in-use`. */
  static async open(name: string): Promise<IndexedDbPurseStore> {
    const unlock = await lock(name);
    try {
      return new IndexedDbPurseStore(name, await openDatabase(name), unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  async rows(): Promise<ReadonlyMap<string, Uint8Array>> {
    const store = this.#database.transaction(ROWS).objectStore(ROWS);
    const [names, values] = await Promise.all([
      resultOf(store.getAllKeys()),
      resultOf<Uint8Array[]>(store.getAll()),
    ]);
    return new Map(names.map((name, i) => [name as string, values[i]!]));
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const transaction = this.#database.transaction(ROWS, "readwrite", { durability: "strict" });
      const done = finished(transaction);
      const store = transaction.objectStore(ROWS);
      for (const { key, value } of changes) {
        if (value === undefined) store.delete(key);
        // Of a view, the whole buffer behind it would be kept.
        else store.put(Uint8Array.from(value), key);
      }
      await done;
    } catch (cause) {
      this.#failure = new Error(`the database ${this.#name} cannot be written`, { cause });
      throw this.#failure;
    }
  }

  async close(): Promise<void> {
    this.#failure ??= new Error(`the database ${this.#name} is closed`);
    this.#database.close();
    this.#unlock();
  }
}

/** @returns what lets go of the lock. @throws Refusal `in-use` if another page, or this one, holds it. */
async function lock(name: string): Promise<() => void> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold, reject: fail } = Promise.withResolvers<void>();
  const options = { signal: AbortSignal.timeout(PATIENCE_MS) };
  const holding = navigator.locks.request(`tallystick/${name}`, options, () => {
    hold();
    return released;
  });
  holding.catch(fail);
  try {
    await held;
    return release;
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
    throw new Refusal("in-use", "another page of this browser has the purse open");
  }
}
