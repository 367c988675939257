/**
 * A purse's store in a folder: one journal, synced before a write is acknowledged. One process has it
 * open, and a copy of it is refused: a purse that lives twice pays twice. Software can be copied whole,
 * and then no check of its own helps; this one catches backups that are put back. Node only.
 */
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "../protocol/refusal.ts";
import { claimFolder } from "./folder-lock.ts";
import {
  decodeJournal,
  encodeEntry,
  encodeHead,
  encodeMark,
  HEAD_LENGTH,
  MARKS,
} from "./journal.ts";
import { applyChanges, type PurseStore, type StoreChange } from "./purse-store.ts";

const JOURNAL = "purse.journal";
const DRAFT = "purse.journal.draft";
/** A journal is written anew when it is so many times as long as its rows, and longer than this. */
const SLACK = 4;
const SHORT = 1024 * 1024;

export class FilePurseStore implements PurseStore {
  readonly #folder: string;
  readonly #claim: string;
  readonly #rows = new Map<string, Uint8Array>();
  #file: FileHandle | undefined;
  #end = HEAD_LENGTH;
  #mark = 0;
  #failure: Error | undefined;

  private constructor(folder: string, claim: string) {
    this.#folder = folder;
    this.#claim = claim;
  }

  /**
   * Opens the folder, or makes it.
   * @throws Refusal `in-use`; `wrong-folder` for a copy; DamagedJournalError.
   */
  static async open(folder: string): Promise<FilePurseStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new FilePurseStore(folder, await claimFolder(folder));
    try {
      await rm(join(folder, DRAFT), { force: true });
      await store.#load();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async rows(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map(this.#rows);
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#append(changes);
      applyChanges(this.#rows, changes);
      if (this.#end > SHORT && this.#end > SLACK * this.#sizeBytes()) await this.#rewrite();
    } catch (cause) {
      this.#failure = new Error(`${this.#folder} cannot be written: open it again`, { cause });
      throw this.#failure;
    }
  }

  async close(): Promise<void> {
    this.#failure ??= new Error(`${this.#folder} is closed`);
    await this.#file?.close();
    this.#file = undefined;
    await rm(this.#claim, { force: true });
  }

  async #load(): Promise<void> {
    const file = await open(join(this.#folder, JOURNAL), "r+").catch(absent);
    if (file === undefined) return this.#rewrite();
    this.#file = file;
    const { inode, writes, end } = decodeJournal(new Uint8Array(await file.readFile()));
    if (inode !== (await inodeOf(file))) {
      throw new Refusal("wrong-folder", `${this.#folder} is a copy of a purse's store`);
    }
    for (const changes of writes) applyChanges(this.#rows, changes);
    this.#end = end;
    await file.truncate(end);
    await this.#acknowledge();
  }

  async #append(changes: readonly StoreChange[]): Promise<void> {
    const entry = encodeEntry(changes, this.#end);
    await writeAt(this.#file!, entry, this.#end);
    await this.#file!.datasync();
    this.#end += entry.length;
    await this.#acknowledge();
  }

  /** Notes that all up to the end is durable, in the one of the two places that was not written last. */
  async #acknowledge(): Promise<void> {
    this.#mark = 1 - this.#mark;
    await writeAt(this.#file!, encodeMark(this.#end), MARKS[this.#mark]!);
    await this.#file!.datasync();
  }

  /** Writes the rows alone into a new journal, which then takes the old one's name. */
  async #rewrite(): Promise<void> {
    const path = join(this.#folder, DRAFT);
    const file = await open(path, "wx+", 0o600);
    try {
      const rows = [...this.#rows].map(([key, value]) => ({ key, value }));
      const entry = encodeEntry(rows, HEAD_LENGTH);
      const end = HEAD_LENGTH + entry.length;
      await writeAt(file, encodeHead(await inodeOf(file), end), 0);
      await writeAt(file, entry, HEAD_LENGTH);
      await file.sync();
      await rename(path, join(this.#folder, JOURNAL));
      await using folder = await open(this.#folder, "r");
      await folder.sync();
      await this.#file?.close();
      this.#file = file;
      this.#end = end;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  #sizeBytes(): number {
    let size = HEAD_LENGTH;
    for (const [key, value] of this.#rows) size += key.length + value.length;
    return size;
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

async function inodeOf(file: FileHandle): Promise<bigint> {
  const { ino } = await file.stat({ bigint: true });
  return BigInt.asUintN(64, ino);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
