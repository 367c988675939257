/** A purse's database in IndexedDB: its rows in one object store, its key in the other. */

export const ROWS = "rows";
export const KEYS = "keys";

const VERSION = 1;

/** Opens the database, or makes it. @throws Error if the browser gives no storage. */
export async function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => {
    for (const store of [ROWS, KEYS]) request.result.createObjectStore(store);
  };
  return resultOf(request);
}

export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
}

/** Resolves once all of a transaction is in the database: until then none of it counts. */
export function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the write was aborted"));
  });
}
