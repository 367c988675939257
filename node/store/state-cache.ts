/**
 * A second copy of the state beside the database, from which a restart takes it in a second or two where
 * reading millions of rows would take a minute: an image of the memory as it was after some event, and the
 * changes of the events since. It is only a copy. It counts if every checksum holds and it ends exactly
 * where the database stands; otherwise it is deleted, and the rows are read. What it gave is compared with
 * the rows afterwards (state-comparison.ts).
 *
 *     STATE-<seq>    the state after that event (image-file.ts)
 *     CHANGES-<seq>  what the events after it changed (change-journal.ts)
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes } from "../../protocol/bytes.ts";
import type { LedgerState } from "../ledger/state.ts";
import { ChangeJournal, type JournalRow, readJournal } from "./change-journal.ts";
import { decodeCursor } from "./cursor-row.ts";
import { ImageDraft, isImageDraft, readImage } from "./image-file.ts";
import { stateKeyOf } from "./keys.ts";

/** LevelDB leaves files alone whose names it does not know. */
const IMAGE = "STATE-";
const JOURNAL = "CHANGES-";

/** The changes may grow to this share of the image before a new one is made. */
const JOURNAL_SHARE = 1 / 8;

/** Where changes go on: behind so many bytes of a journal. */
type Place = { readonly name: string; readonly length: number };

export type StateCacheOptions = {
  /** Changes may grow to so many bytes, however small the image is: 16 MiB are read in half a second. */
  readonly journalBytesMin?: number | undefined;
  /** Hears why there is no cache, or no new image: the rows are there all the same. */
  readonly warn?: ((error: unknown) => void) | undefined;
};

export class StateCache {
  readonly #folder: string;
  readonly #journalBytesMin: number;
  readonly #warn: (error: unknown) => void;
  #journal: ChangeJournal | undefined;
  /** No new image before the changes come to this. */
  #journalBytesMax = 0;
  /** An image that is whole and not yet durable; until then the one before and its journal stay. */
  #finishing: Promise<void> | undefined;

  constructor(folder: string, options: StateCacheOptions = {}) {
    this.#folder = folder;
    this.#journalBytesMin = options.journalBytesMin ?? 16 * 1024 * 1024;
    this.#warn = options.warn ?? (() => undefined);
  }

  /**
   * Takes the state from here, if it is here as the database's `cursor` says.
   * @param state is left empty if not.
   */
  async load(state: LedgerState, cursor: Uint8Array): Promise<boolean> {
    const names = await readdir(this.#folder);
    const [newest, ...older] = named(names, IMAGE).toReversed();
    for (const name of [...older, ...names.filter(isImageDraft)]) await this.#delete(name);
    const journals = named(names, JOURNAL);
    const place =
      newest === undefined ? undefined : await this.#restore(state, newest, journals, cursor);
    if (place === undefined) {
      state.clear();
      for (const name of named(names, IMAGE)) await this.#delete(name);
      if (newest !== undefined)
        this.#warn(
          new Error(`${this.#at(newest)} and what follows it do not lead to the database`),
        );
    } else {
      this.#journal = await ChangeJournal.open(this.#at(place.name), place.length);
    }
    for (const name of journals) {
      if (place === undefined || seqOf(name) > seqOf(place.name)) await this.#delete(name);
    }
    return place !== undefined;
  }

  /** Whether so much has changed that a new image is worth its while. */
  get isDue(): boolean {
    const grown = this.#journal?.sizeBytes ?? 0;
    return this.#finishing === undefined && grown >= this.#journalBytesMax;
  }

  /** Makes an image of the state, which must not change until this returns: 60 ms a million coins. */
  async save(state: LedgerState, cursor: Uint8Array): Promise<void> {
    const journalName = `${JOURNAL}${state.seq}`;
    const journal = await ChangeJournal.open(this.#at(journalName), 0);
    let draft: ImageDraft;
    try {
      const parts = [cursor, ...state.image()];
      draft = await ImageDraft.write(this.#at(`${IMAGE}${state.seq}`), parts);
    } catch (error) {
      await journal.close();
      await this.#delete(journalName);
      // Where there is none, none is tried again before the next start.
      const { sizeBytes = Number.POSITIVE_INFINITY } = this.#journal ?? {};
      this.#journalBytesMax = 2 * sizeBytes;
      this.#warn(error);
      return;
    }
    await this.#journal?.close();
    this.#journal = journal;
    this.#journalBytesMax = Math.max(this.#journalBytesMin, draft.sizeBytes * JOURNAL_SHARE);
    this.#finishing = this.#finish(draft, state.seq).finally(() => (this.#finishing = undefined));
  }

  /** What the next event changes is added row by row, and taken down before the database changes. */
  begin(cursor: Uint8Array): void {
    this.#journal?.begin(cursor);
  }

  add(row: JournalRow): void {
    this.#journal?.add(row);
  }

  /** Takes down what was added: it may be ahead of the database, never behind. */
  async append(): Promise<void> {
    await this.#journal?.append();
  }

  async close(): Promise<void> {
    await this.#finishing;
    await this.#journal?.close();
    this.#journal = undefined;
  }

  async #finish(draft: ImageDraft, seq: number): Promise<void> {
    try {
      await draft.finish();
      const names = await readdir(this.#folder);
      const past = [...named(names, IMAGE), ...named(names, JOURNAL)];
      for (const name of past.filter((each) => seqOf(each) < seq)) await this.#delete(name);
    } catch (error) {
      this.#warn(error);
    }
  }

  /** @returns where the changes go on; `undefined` if image and changes do not lead to `cursor`. */
  async #restore(
    state: LedgerState,
    image: string,
    journals: readonly string[],
    cursor: Uint8Array,
  ): Promise<Place | undefined> {
    try {
      const [imageCursor, ...parts] = (await readImage(this.#at(image))) ?? [];
      if (imageCursor === undefined) return undefined;
      const bytes = parts.reduce((sum, { length }) => sum + length, 0);
      this.#journalBytesMax = Math.max(this.#journalBytesMin, bytes * JOURNAL_SHARE);
      state.restore(parts);
      if (equalBytes(imageCursor, cursor)) return { name: `${JOURNAL}${state.seq}`, length: 0 };
      for (const name of journals) {
        const length = await this.#replay(state, name, cursor);
        if (length !== undefined) return { name, length };
      }
    } catch (error) {
      this.#warn(error);
    }
    return undefined;
  }

  /** Plays a journal's frames after the state's. @returns where the one ends that leads to `cursor`. */
  async #replay(state: LedgerState, name: string, cursor: Uint8Array): Promise<number | undefined> {
    for await (const frame of readJournal(this.#at(name))) {
      const { accounts } = decodeCursor(frame.cursor);
      if (accounts.seq <= state.seq) continue;
      if (accounts.seq !== state.seq + 1) return undefined;
      for (const { key, value } of frame.rows) state.put(stateKeyOf(key), value);
      state.loadAccounts(accounts);
      if (equalBytes(frame.cursor, cursor)) return frame.end;
    }
    return undefined;
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }

  async #delete(name: string): Promise<void> {
    await rm(this.#at(name), { force: true });
  }
}

/** The names of files of a kind, in the order of their seq. */
function named(names: readonly string[], kind: string): string[] {
  return names
    .filter((name) => name.startsWith(kind) && /^\d+$/.test(name.slice(kind.length)))
    .toSorted((a, b) => seqOf(a) - seqOf(b));
}

function seqOf(name: string): number {
  return Number(name.slice(name.indexOf("-") + 1));
}
