/**
 * The one door to LevelDB: the options it is opened with, and which of its errors mean what. What is
 * asked of a database beyond that is in checked-store.ts.
 */
import { mkdir, readdir } from "node:fs/promises";
import { Level } from "level";
import { Refusal } from "../../protocol/refusal.ts";
import { DamagedStoreError } from "./store-errors.ts";

export type Database = Level<Uint8Array, Uint8Array>;

/** Operations that are written together. Each is copied as it is added: a list of them costs twice as much. */
export type Batch = ReturnType<typeof emptyBatch>;

export type Caches = {
  /** Of blocks that were read. */
  readonly cacheBytes: number;
  /** Of what was written and is not in a table yet; twice as much while it is made into one. */
  readonly writeBufferBytes: number;
};

/** Makes a database in an empty folder: one that is not empty may hold a database that lost a file. */
export async function createDatabase(folder: string, caches: Caches): Promise<Database> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) {
    throw new Refusal(
      "wrong-folder",
      `a database is made in an empty folder, and ${folder} is not`,
    );
  }
  return await open(folder, caches, true);
}

/** Opens a database whose files were checked. @throws DamagedStoreError; Refusal `in-use`. */
export async function openDatabase(folder: string, caches: Caches): Promise<Database> {
  return await open(folder, caches, false);
}

export function emptyBatch(level: Database) {
  return level.batch();
}

/** What an error of LevelDB's says about the files in `folder`, if it says that they are damaged. */
export function damageIn(folder: string, error: unknown): DamagedStoreError | undefined {
  if (!hasCode(error, "LEVEL_CORRUPTION")) return undefined;
  return new DamagedStoreError(folder, error.message, { cause: error });
}

async function open(
  folder: string,
  { cacheBytes, writeBufferBytes }: Caches,
  create: boolean,
): Promise<Database> {
  const level: Database = new Level(folder, {
    keyEncoding: "view",
    valueEncoding: "view",
    // Where CURRENT is missing, LevelDB makes a new database and deletes the tables of the old one.
    createIfMissing: create,
    errorIfExists: create,
    // A damaged compressed block ends the process.
    compression: false,
    cacheSize: cacheBytes,
    writeBufferSize: writeBufferBytes,
  });
  try {
    await level.open();
    return level;
  } catch (error) {
    // "The database is not open" has what LevelDB says as its cause.
    const cause = error instanceof Error ? error.cause : undefined;
    if (hasCode(cause, "LEVEL_LOCKED")) {
      throw new Refusal("in-use", `the database in ${folder} is open already`);
    }
    throw damageIn(folder, cause) ?? error;
  }
}

function hasCode(error: unknown, code: string): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
