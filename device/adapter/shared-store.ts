/** One store as two: what a purse keeps, and what the sender of parcels keeps beside it. */
import type { PurseStore, StoreChange } from "../purse-store.ts";

/** The rows whose keys begin with `prefix`, as a store of their own. The whole store's owner closes it. */
export function rowsUnder(store: PurseStore, prefix: string): PurseStore {
  return {
    async rows() {
      const all = [...(await store.rows())].filter(([key]) => key.startsWith(prefix));
      return new Map(all.map(([key, row]) => [key.slice(prefix.length), row]));
    },
    write: (changes) => store.write(changes.map((each) => underPrefix(each, prefix))),
    close: async () => undefined,
  };
}

/** All other rows. */
export function rowsBeside(store: PurseStore, prefix: string): PurseStore {
  return {
    rows: async () => new Map([...(await store.rows())].filter(([key]) => !key.startsWith(prefix))),
    write: (changes) => store.write(changes),
    close: () => store.close(),
  };
}

function underPrefix({ key, value }: StoreChange, prefix: string): StoreChange {
  return { key: prefix + key, value };
}
