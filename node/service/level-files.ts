/**
 * LevelDB's own checksums, checked before LevelDB opens its files. It calls that "paranoid checks",
 * and its binding does not offer them. Without them one flipped byte in the log drops synced writes
 * from the middle, one in a table's filter hides a key, one in a block's type ends the process, and
 * opening deletes files that a damaged manifest no longer names. So what LevelDB reads to open is checked
 * here first, and the tables, of which there may be gigabytes, by level-tables.ts. Nothing is changed.
 *
 * A log that breaks off at its end is what a crash leaves and passes: whether the write it lost had
 * been acknowledged is for the store to say.
 *
 * Formats: LevelDB's doc/log_format.md and doc/table_format.md; tags as in db/version_edit.cc (1.20).
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "./crc32c.ts";
import { Cursor, readStoreFile, unmask } from "./level-format.ts";
import type { Table } from "./level-tables.ts";
import { DamagedStoreError } from "./store-errors.ts";

const LOG_BLOCK = 32_768;
/** Checksum u32, length u16, type u8. */
const LOG_HEADER = 7;
const FULL = 1;
const FIRST = 2;
const LAST = 4;

/**
 * Checks what LevelDB reads when it opens: the name of the manifest, the manifest, the logs, and that the
 * tables are there in their full length.
 * @returns the tables, whose bytes are for level-tables.ts. @throws DamagedStoreError naming the file.
 */
export async function checkLevelFiles(folder: string): Promise<Table[]> {
  const current = (await readStoreFile(folder, "CURRENT")).toString("latin1");
  const manifest = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
  if (manifest === undefined) throw new DamagedStoreError(folder, "CURRENT names no manifest");
  const { tables, firstLog } = liveFiles(await readLog(folder, manifest));
  const names = new Set(await readdir(folder));
  await checkLogs(folder, [...names], firstLog);
  return await Promise.all(
    [...tables].map(async ([number, sizeBytes]) => {
      const name = [".ldb", ".sst"].map((end) => fileName(number, end)).find((it) => names.has(it));
      if (name === undefined) throw new DamagedStoreError(folder, `table ${number} is missing`);
      const { size } = await stat(join(folder, name));
      if (size === sizeBytes) return { name, sizeBytes };
      throw new DamagedStoreError(folder, `${name}: it has ${size} bytes, not ${sizeBytes}`);
    }),
  );
}

/** Logs follow one another: only the last may break off. */
async function checkLogs(
  folder: string,
  names: readonly string[],
  firstLog: number,
): Promise<void> {
  const logs = names
    .filter((name) => /^\d+\.log$/.test(name) && Number.parseInt(name, 10) >= firstLog)
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  // A database names log 0, which never exists, until it has been opened once.
  if (firstLog !== 0 && (logs[0] === undefined || Number.parseInt(logs[0], 10) !== firstLog)) {
    throw new DamagedStoreError(folder, `log ${firstLog} is missing`);
  }
  let torn: string | undefined;
  for (const name of logs) {
    const log = await readLog(folder, name);
    if (torn !== undefined && log.records.length > 0) {
      throw new DamagedStoreError(folder, `${torn} breaks off, yet ${name} goes on`);
    }
    if (log.torn) torn = name;
  }
}

type Log = { readonly records: readonly Uint8Array[]; readonly torn: boolean };

/** The records of a log or manifest, up to its end or to where a crash tore it. */
async function readLog(folder: string, name: string): Promise<Log> {
  const bytes = await readStoreFile(folder, name);
  const damaged = (at: number, detail: string) =>
    new DamagedStoreError(folder, `${name} at byte ${at}: ${detail}`);
  const records: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const left = LOG_BLOCK - (at % LOG_BLOCK);
    if (left < LOG_HEADER) {
      at += left;
      continue;
    }
    const fragment = fragmentAt(bytes, at);
    if (fragment === undefined) {
      if (hasRecordAfter(bytes, at)) throw damaged(at, "a record is broken and others follow");
      return { records, torn: true };
    }
    const { type, data } = fragment;
    if ((type === FULL || type === FIRST) !== (parts.length === 0)) {
      throw damaged(at, "a piece of a record is missing");
    }
    parts.push(data);
    if (type === FULL || type === LAST) {
      records.push(parts.length === 1 ? data : Buffer.concat(parts));
      parts = [];
    }
    at += LOG_HEADER + data.length;
  }
  return { records, torn: parts.length > 0 };
}

type Fragment = { readonly type: number; readonly data: Uint8Array };

/** The piece of a record that starts at `at`, unless its checksum fails or it runs out of its block. */
function fragmentAt(bytes: Buffer, at: number): Fragment | undefined {
  const start = at + LOG_HEADER;
  if (start > bytes.length) return undefined;
  const end = start + bytes.readUInt16LE(at + 4);
  const type = bytes[at + 6]!;
  if (type < FULL || type > LAST) return undefined;
  if (end > bytes.length || end > at - (at % LOG_BLOCK) + LOG_BLOCK) return undefined;
  if (crc32c(bytes, at + 6, end) !== unmask(bytes.readUInt32LE(at))) return undefined;
  return { type, data: bytes.subarray(start, end) };
}

/** Whether a whole record starts anywhere behind `at`: a crash leaves none behind what it tore. */
function hasRecordAfter(bytes: Buffer, at: number): boolean {
  for (let next = at + 1; next + LOG_HEADER <= bytes.length; next++) {
    const type = bytes[next + 6]!;
    if ((type === FULL || type === FIRST) && fragmentAt(bytes, next) !== undefined) return true;
  }
  return false;
}

type LiveFiles = {
  /** Size in bytes by file number. */
  readonly tables: ReadonlyMap<number, number>;
  readonly firstLog: number;
};

/** Plays the manifest's edits: which tables make up the database, and from which log on it continues. */
function liveFiles(manifest: Log): LiveFiles {
  const tables = new Map<number, number>();
  let firstLog = 0;
  for (const record of manifest.records) {
    const edit = new Cursor(record);
    while (!edit.done) {
      const tag = edit.varint();
      if (tag === 1)
        edit.skip(edit.varint()); // comparator
      else if (tag === 2) firstLog = edit.varint();
      else if (tag === 3 || tag === 4 || tag === 9)
        edit.varint(); // counters
      else if (tag === 5) {
        edit.varint(); // compaction pointer: level, key
        edit.skip(edit.varint());
      } else if (tag === 6) {
        edit.varint(); // level
        tables.delete(edit.varint());
      } else if (tag === 7) {
        edit.varint(); // level
        tables.set(edit.varint(), edit.varint());
        edit.skip(edit.varint()); // smallest and largest key
        edit.skip(edit.varint());
      } else throw new Error(`LevelDB's manifest has an edit of unknown kind ${tag}`);
    }
  }
  return { tables, firstLog };
}

function fileName(number: number, end: string): string {
  return `${String(number).padStart(6, "0")}${end}`;
}
