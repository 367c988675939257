/**
 * The two ways in which a store ends. Neither is mended in place: whoever opened it stops, sets the
 * database aside, and rebuilds it from what it was made of.
 */

/** What lies on the disk is not what was written: bytes have changed, or writes are missing. */
export class DamagedStoreError extends Error {
  readonly folder: string;

  constructor(folder: string, detail: string, options?: ErrorOptions) {
    super(`the database in ${folder} is damaged: ${detail}`, options);
    this.name = "DamagedStoreError";
    this.folder = folder;
  }
}

/** A write failed: whether it will be found at the next open is unknown, so nothing may follow it. */
export class StoreWriteError extends Error {
  readonly folder: string;

  constructor(folder: string, cause: unknown) {
    super(`writing to the database in ${folder} failed: ${reasonOf(cause)}`, { cause });
    this.name = "StoreWriteError";
    this.folder = folder;
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
