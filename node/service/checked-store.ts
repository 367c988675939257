/**
 * A store of keys and values that says when it has lost or changed anything. LevelDB beneath it loses
 * writes and returns changed bytes without a word; here every write is synced, numbered and atomic,
 * every value carries a checksum, and a tally of all entries, changed by the same write, lets a scan
 * prove that none is missing. What fails a check is a `DamagedStoreError`, a write that fails a
 * `StoreWriteError`: the store never mends itself and never goes on.
 */
import { createDatabase, type Database, openDatabase } from "./level-database.ts";
import { checkLevelFiles } from "./level-files.ts";
import { checkTableInUse, checkTables, type Table } from "./level-tables.ts";
import { paced } from "./paced.ts";
import { pack } from "./packed.ts";
import { checksum, unseal } from "./sealed-value.ts";
import { DamagedStoreError, StoreWriteError } from "./store-errors.ts";
import { ALL, type End, type Range, StoreView } from "./store-view.ts";
import { type Inspector, Sweep } from "./sweep.ts";
import { Count, decodeTally, type Tally, TALLY_KEY } from "./tally.ts";
import { isUnchecked, noteChecked, noteUnchecked } from "./unchecked-note.ts";
import { sealTally, WriteDraft } from "./write-draft.ts";
import { WriteQueue } from "./write-queue.ts";
import { WriteWitness } from "./write-witness.ts";

/** What a key holds from now on. Key and value must not be changed while the write is under way. */
export type Change = {
  /** One byte or more: the empty key holds the tally. */
  readonly key: Uint8Array;
  /** `null` deletes. */
  readonly value: Uint8Array | null;
  /**
   * What the key holds before this change, `null` for nothing. The tally needs it; where it is left
   * out the store reads it, which costs more than the write. It must be true.
   */
  readonly old?: Uint8Array | null;
};

export type StoreOptions = {
  /** Makes a database where there is none; otherwise there must be one. */
  readonly create?: boolean;
  /**
   * A database with so many bytes in its tables, or more, is opened at once, and `verify` is to be called
   * while it is used; a smaller one is verified before. Without it every one is, at 2 µs an entry.
   */
  readonly laterFromBytes?: number;
  /** LevelDB's cache of blocks, 8 MiB by default. */
  readonly cacheBytes?: number;
  /** LevelDB's buffer of writes, 4 MiB by default: a larger one is merged less often, and read at opening. */
  readonly writeBufferBytes?: number;
};

/** How everything is gone through. */
export type Verification = {
  /** Of this thread's time, at most so much: from 0 to 1. */
  readonly share?: number;
  readonly inspector?: Inspector;
};

/** One write takes what waits up to this many changes: enough to make the sync cheap. */
const CHANGES_MAX = 16_384;
const MIB = 1024 * 1024;

export class CheckedStore extends StoreView {
  readonly #level: Database;
  readonly #end: End;
  readonly #witness: WriteWitness;
  #tally: Tally;
  /** Tables whose bytes are still to be checked. */
  #unchecked: readonly Table[];
  readonly #queue = new WriteQueue<Change>((changes) => this.#write(changes), CHANGES_MAX);
  /** Told of what changes. */
  readonly #sweeps = new Set<Sweep>();
  #isVerified = false;
  #closed: Promise<void> | undefined;

  private constructor(
    level: Database,
    witness: WriteWitness,
    tally: Tally,
    unchecked: readonly Table[],
  ) {
    const end: End = { reason: undefined };
    super(level, end);
    this.#level = level;
    this.#end = end;
    this.#witness = witness;
    this.#tally = tally;
    this.#unchecked = unchecked;
  }

  /**
   * Opens the database in `folder`, which the caller has locked (see data-folder.ts).
   * @throws DamagedStoreError if there is none, or a byte of its files has changed.
   * @throws Refusal `wrong-folder` to make one in a folder that is not empty; `in-use`.
   */
  static async open(folder: string, options: StoreOptions = {}): Promise<CheckedStore> {
    const { create = false, laterFromBytes = Number.POSITIVE_INFINITY } = options;
    const { cacheBytes = 8 * MIB, writeBufferBytes = 4 * MIB } = options;
    const caches = { cacheBytes, writeBufferBytes };
    await using opened = new AsyncDisposableStack();
    // The witness first: what it says is missing is found before LevelDB changes anything.
    const noted = create ? undefined : opened.adopt(WriteWitness.open(folder), closeWitness);
    const tables = create ? [] : await checkLevelFiles(folder);
    const isLater = tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) >= laterFromBytes;
    const unchecked = isLater && !(await isUnchecked(folder)) ? tables : [];
    if (unchecked.length === 0) await checkTables(folder, tables);
    const level = await (create ? createDatabase : openDatabase)(folder, caches);
    opened.defer(() => level.close());
    const tally = create ? await writeTally(level) : await readTally(level);
    noted?.check(tally.number);
    const witness = noted ?? opened.adopt(WriteWitness.create(folder), closeWitness);
    const store = new CheckedStore(level, witness, tally, unchecked);
    if (isLater) await noteUnchecked(folder);
    else await store.verify();
    store.#isVerified = !isLater;
    opened.move();
    return store;
  }

  /** Whether everything was found as it was written since it was opened. */
  get isVerified(): boolean {
    return this.#isVerified;
  }

  /**
   * Checks LevelDB's tables, unless they were at the opening, then everything against the tally. Reads and
   * writes may go on. @returns how many entries there are. @throws DamagedStoreError.
   */
  async verify({ share = 1, inspector }: Verification = {}): Promise<number> {
    for await (const table of paced(this.#unchecked, share)) {
      if (this.#end.reason !== undefined) throw this.#end.reason;
      await checkTableInUse(this.folder, table);
    }
    this.#unchecked = [];
    const sweep = new Sweep(inspector);
    this.#sweeps.add(sweep);
    try {
      for await (const _ of paced(this.#partsOf(sweep), share));
    } finally {
      this.#sweeps.delete(sweep);
    }
    this.#isVerified = true;
    await noteChecked(this.folder);
    return sweep.entries;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#tally.entries;
  }

  /**
   * Applies all changes or none, in order, and returns when they are durable. Writes asked for while
   * another is under way share one sync.
   * @throws StoreWriteError if they may not be durable; every later call throws it again.
   */
  async write(changes: readonly Change[]): Promise<void> {
    for (const { key } of changes) this.check(key);
    if (changes.length > 0) await this.#queue.add(changes);
  }

  /**
   * As `write`, of changes that `fill` adds one by one when their turn has come: each goes into the write at once
   * and nothing keeps it, as thousands of them would be copied again and again while they wait. A change is good
   * until the next. Changes of one key all say what it holds before, or none does.
   */
  async writeFrom(fill: (add: (change: Change) => void) => Promise<void>): Promise<void> {
    if (this.#end.reason !== undefined) throw this.#end.reason;
    await this.#queue.addAlone(() =>
      this.#commit(async (draft) => {
        const asking: Change[] = [];
        await fill((change) => {
          const { key, value, old } = change;
          if (old === undefined) asking.push(copyOf(change));
          else draft.add(key, value, checksumOf(key, old));
        });
        await this.#addAll(draft, asking);
      }),
    );
  }

  /** Does `work` while no write is under way. */
  async between<T>(work: () => Promise<T>): Promise<T> {
    return await this.#queue.between(work);
  }

  /** Waits for the writes that were asked for, then lets go of the files. */
  async close(): Promise<void> {
    this.#end.reason ??= new Error(`the database in ${this.folder} is closed`);
    this.#closed ??= (async () => {
      await this.#queue.idle();
      await this.#level.close();
      this.#witness.close();
      await noteChecked(this.folder);
    })();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Each step has taken one part, between two writes. */
  async *#partsOf(sweep: Sweep): AsyncGenerator<void> {
    for (let range: Range | undefined = ALL; range !== undefined; yield) {
      const from: Range = range;
      range = await this.#queue.between(() => this.#take(sweep, from));
    }
  }

  /** @returns what is left. @throws DamagedStoreError. */
  async #take(sweep: Sweep, range: Range): Promise<Range | undefined> {
    const { rows, rest } = await this.part(range);
    const entries = rows.map(([key, sealed]) => this.entry(key, sealed));
    sweep.pass(rows);
    sweep.inspector?.visit(entries);
    if (rest !== undefined) return rest;
    if (!sweep.comesTo(this.#tally)) {
      const found = `${sweep.entries} entries are there and ${this.#tally.entries} were written`;
      throw new DamagedStoreError(this.folder, `${found}, or others than these`);
    }
    sweep.inspector?.end?.();
    this.#sweeps.delete(sweep);
    return undefined;
  }

  async #write(changes: readonly Change[]): Promise<void> {
    await this.#commit((draft) => this.#addAll(draft, changes));
  }

  async #commit(fill: (draft: WriteDraft) => Promise<void>): Promise<void> {
    try {
      const draft = new WriteDraft(this.#level, this.#tally, this.#sweeps);
      await fill(draft);
      const tally = await draft.write();
      this.#witness.note(tally.number);
      this.#tally = tally;
    } catch (cause) {
      const damaged = cause instanceof DamagedStoreError;
      this.#end.reason = damaged ? cause : new StoreWriteError(this.folder, cause);
      throw this.#end.reason;
    }
  }

  async #addAll(draft: WriteDraft, changes: readonly Change[]): Promise<void> {
    const replaced = await this.#replaced(changes);
    for (const [i, { key, value }] of changes.entries()) draft.add(key, value, replaced[i]);
  }

  /** The checksum of what each change replaces, `undefined` for nothing. */
  async #replaced(changes: readonly Change[]): Promise<(number | undefined)[]> {
    const unknown = changes.filter((change) => change.old === undefined).map(({ key }) => key);
    if (unknown.length === 0) return changes.map(({ key, old }) => checksumOf(key, old));
    // What the unknown keys hold at each point of this write.
    const held = new Map<string, number | undefined>();
    for (const [i, value] of (await this.valuesOf(unknown)).entries()) {
      held.set(pack(unknown[i]!), checksumOf(unknown[i]!, value));
    }
    return changes.map(({ key, value, old }) => {
      const name = pack(key);
      const before = old === undefined ? held.get(name) : checksumOf(key, old);
      if (held.has(name)) held.set(name, checksumOf(key, value));
      return before;
    });
  }
}

function copyOf({ key, value }: Change): Change {
  return { key: new Uint8Array(key), value: value === null ? null : new Uint8Array(value) };
}

function closeWitness(witness: WriteWitness): void {
  witness.close();
}

async function writeTally(level: Database): Promise<Tally> {
  const tally = new Count().tally(1);
  await level.put(TALLY_KEY, sealTally(tally), { sync: true });
  return tally;
}

async function readTally(level: Database): Promise<Tally> {
  const sealed = await level.get(TALLY_KEY);
  const value = sealed === undefined ? undefined : unseal(TALLY_KEY, sealed);
  if (value !== undefined) return decodeTally(value);
  throw new DamagedStoreError(level.location, "its tally is missing or has changed");
}

function checksumOf(key: Uint8Array, value: Uint8Array | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : checksum(key, value);
}
