/**
 * The gateway's store as its parts see it: one place for all, so that what belongs together is one write. It is a
 * folder of the one process (CheckedStore), or a database that several share (postgres/); one suite of tests holds for
 * both. Whoever has it writes alone. `entries` may or may not show what is written while it is read.
 */
import type { CheckedStore } from "../node/service/checked-store.ts";

export type { Change } from "../node/service/checked-store.ts";

/** The database of the folder. */
export const STORE = "gateway";

export type Store = Pick<CheckedStore, "get" | "getMany" | "entries" | "write">;

/** The same store, which tells of the first write that failed: nothing may go on after it. */
export function watchWrites(store: Store, onFailure: (error: unknown) => void): Store {
  return {
    get: (key) => store.get(key),
    getMany: (names) => store.getMany(names),
    entries: (range) => store.entries(range),
    async write(changes) {
      try {
        await store.write(changes);
      } catch (error) {
        onFailure(error);
        throw error;
      }
    },
  };
}
