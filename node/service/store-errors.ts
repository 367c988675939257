/**
 * The ways in which a store ends. None is mended in place: whoever opened it stops, and where it is damaged sets
 * the database aside and rebuilds it from what it was made of.
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

/** A database server does not answer, or has hung up: whether what it was told last was done is unknown. */
export class StoreAwayError extends Error {
  readonly place: string;

  constructor(place: string, cause: unknown) {
    super(`the database ${place} is away: ${reasonOf(cause)}`, { cause });
    this.name = "StoreAwayError";
    this.place = place;
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
