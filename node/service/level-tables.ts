/**
 * LevelDB's tables, which hold all but its latest writes: every block is checked against the checksum
 * that LevelDB stored with it and does not look at when it reads. A table never changes once it is
 * written, so what was checked stays good until the disk spoils it.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "./crc32c.ts";
import { Cursor, type Handle, readStoreFile, unmask } from "./level-format.ts";
import { DamagedStoreError } from "./store-errors.ts";

/** A table that belongs to the database. */
export type Table = { readonly name: string; readonly sizeBytes: number };

const FOOTER = 48;
const MAGIC = Buffer.from("57fb808b247547db", "hex");

/** Reads every byte of `tables`, one after the other. @throws DamagedStoreError naming the file. */
export async function checkTables(folder: string, tables: readonly Table[]): Promise<void> {
  for (const table of tables) await checkTable(folder, table);
}

/**
 * Reads every byte of one table, while the database is open: LevelDB deletes tables whose entries it has
 * merged into others, so one that is gone is passed over.
 */
export async function checkTableInUse(folder: string, table: Table): Promise<void> {
  try {
    await checkTable(folder, table);
  } catch (error) {
    if (await isThere(join(folder, table.name))) throw error;
  }
}

async function checkTable(folder: string, { name, sizeBytes }: Table): Promise<void> {
  checkBlocks(await readStoreFile(folder, name), sizeBytes, (detail) => {
    throw new DamagedStoreError(folder, `${name}: ${detail}`);
  });
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
}

/** Every block of a table: data, filter, and both indexes. */
function checkBlocks(bytes: Buffer, size: number, damaged: (detail: string) => never): void {
  if (bytes.length !== size) damaged(`it has ${bytes.length} bytes, not ${size}`);
  const footer = bytes.subarray(-FOOTER);
  if (!footer.subarray(-MAGIC.length).equals(MAGIC)) damaged("its footer is not LevelDB's");
  const cursor = new Cursor(footer);
  const check = (block: Handle): Uint8Array => {
    const end = block.offset + block.size;
    // A byte for the type and the checksum of both follow each block.
    if (end + 5 > bytes.length) damaged(`a block ends behind it, at byte ${end}`);
    if (crc32c(bytes, block.offset, end + 1) !== unmask(bytes.readUInt32LE(end + 1))) {
      damaged(`the block at byte ${block.offset} fails its checksum`);
    }
    return bytes.subarray(block.offset, end);
  };
  for (const index of [cursor.handle(), cursor.handle()]) {
    for (const block of handlesIn(check(index))) check(block);
  }
}

/** The values of an index block: where other blocks lie. */
function handlesIn(block: Uint8Array): Handle[] {
  const restarts = Buffer.from(block.buffer, block.byteOffset, block.length).readUInt32LE(
    block.length - 4,
  );
  const cursor = new Cursor(block.subarray(0, block.length - 4 * (restarts + 1)));
  const handles: Handle[] = [];
  while (!cursor.done) {
    cursor.varint(); // bytes shared with the key before
    const keyLength = cursor.varint();
    cursor.varint(); // length of the value
    cursor.skip(keyLength);
    handles.push(cursor.handle());
  }
  return handles;
}
