/**
 * A node's databases: opened, verified beside the work where that takes long, and set aside where they are
 * damaged. Nothing is mended: what they held is folded again from the log, or fetched from other members.
 */
import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { DivergenceError } from "./checkpoints/checkpointer.ts";
import { checkIdentities, IdentityError } from "./ledger/identities.ts";
import { LedgerState } from "./ledger/state.ts";
import type { CheckedStore, StoreOptions } from "./service/checked-store.ts";
import type { DataFolder } from "./service/data-folder.ts";
import { DamagedStoreError } from "./service/store-errors.ts";
import type { Logger } from "./service/telemetry.ts";
import { LeafStore } from "./store/leaf-store.ts";
import { ledgerFiles, LedgerStore } from "./store/ledger-store.ts";

/** A node's data folder, as this software lays it out. */
export const nodeFolder = {
  kind: "node",
  format: 3,
  ifOlder:
    "give the node an empty folder, and it folds the log again and fetches the leaves from other members",
} as const;

export type DatabasesOptions = {
  readonly logger: Logger;
  /** Called when a database turns out to be damaged while it is used. */
  readonly onDamage: (error: Error) => void;
};

/** Of the time, while large databases are verified beside the work. */
const VERIFYING_SHARE = 0.25;

export class Databases implements AsyncDisposable {
  readonly #folder: DataFolder;
  readonly #options: DatabasesOptions;
  /** Closed in the opposite order. */
  readonly #open = new AsyncDisposableStack();

  constructor(folder: DataFolder, options: DatabasesOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync();
  }

  /** Opens a database; where its files are damaged, sets it aside and begins with an empty one. */
  async open(name: string, options: Omit<StoreOptions, "create"> = {}): Promise<CheckedStore> {
    try {
      return this.#open.use(await this.#folder.openStore(name, options));
    } catch (error) {
      if (!(error instanceof DamagedStoreError)) throw error;
      const aside = await this.#folder.quarantine(name);
      this.#options.logger.error({ err: error, aside }, "a database is damaged and was set aside");
      return this.#open.use(await this.#folder.openStore(name, options));
    }
  }

  async openLeaves(): Promise<LeafStore> {
    return new LeafStore(await this.openLarge("leaves"));
  }

  /** As `open`, and where it has grown large it is verified while it is used. */
  async openLarge(name: string): Promise<CheckedStore> {
    const files = await this.open(name, ledgerFiles);
    if (!files.isVerified) this.#watch(files.verify({ share: VERIFYING_SHARE }), name);
    return files;
  }

  /**
   * Opens the ledger; where it does not hold, sets it aside and begins with an empty one.
   * @param resume what goes on from it; false if that needs the log folded again.
   */
  async openLedger<T>(
    assemble: (state: LedgerState, store: LedgerStore) => T,
    resume: (assembled: T) => Promise<boolean>,
  ): Promise<T> {
    const { logger } = this.#options;
    for (let isSecond = false; ; isSecond = true) {
      const files = await this.open("ledger", ledgerFiles);
      const warn = (error: unknown) => logger.warn({ err: error }, "the next start may be slow");
      const store = this.#open.adopt(new LedgerStore(files, { warn }), (each) => each.close());
      const state = new LedgerState(randomBytes(4).readInt32BE());
      try {
        await store.load(state);
        if (state.seq > 0) checkIdentities(state);
        const assembled = assemble(state, store);
        if (await resume(assembled)) {
          if (!files.isVerified) this.#watch(store.verify(state, VERIFYING_SHARE), "ledger");
          return assembled;
        }
        logger.warn({}, "a checkpoint was lost at the last stop: the log is folded again");
      } catch (error) {
        if (isSecond || !isDamage(error)) throw error;
        logger.error({ err: error }, "the stored ledger does not hold");
      }
      await store.close();
      await files.close();
      await this.#folder.quarantine("ledger");
    }
  }

  /** Sets aside what is damaged; to be called once everything is closed. */
  async setAside(damage: Error): Promise<void> {
    const name = damage instanceof DamagedStoreError ? basename(damage.folder) : "ledger";
    const aside = await this.#folder.quarantine(name);
    this.#options.logger.error(
      { err: damage, aside },
      "a database was set aside; what it held is folded or fetched anew",
    );
  }

  #watch(verified: Promise<unknown>, name: string): void {
    verified.then(
      () => this.#options.logger.info({ name }, "the database is as it was written"),
      (error: Error) => this.#options.onDamage(error),
    );
  }
}

/** Whether folding the log again mends it. */
export function isDamage(error: unknown): boolean {
  return [DamagedStoreError, IdentityError, DivergenceError].some((kind) => error instanceof kind);
}
