/** A ledger on disk that takes the log of a ledger in memory, event by event, as a node does. */
import { fold } from "../../../node/ledger/fold.ts";
import { LedgerState } from "../../../node/ledger/state.ts";
import { CheckedStore, type StoreOptions } from "../../../node/service/checked-store.ts";
import { LedgerStore, type LedgerStoreOptions } from "../../../node/store/ledger-store.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { context, type LogEntry } from "../../support/ledger.ts";

export class StoredLedger implements AsyncDisposable {
  readonly files: CheckedStore;
  readonly store: LedgerStore;
  readonly state: LedgerState;

  private constructor(files: CheckedStore, store: LedgerStore, state: LedgerState) {
    this.files = files;
    this.store = store;
    this.state = state;
  }

  /** Opens the ledger in `folder`, or makes one. */
  static async open(
    folder: string,
    options: LedgerStoreOptions & StoreOptions = {},
  ): Promise<StoredLedger> {
    const files = await CheckedStore.open(folder, options);
    const store = new LedgerStore(files, { cacheFromEntries: 0, ...options });
    const state = new LedgerState(99);
    await store.load(state);
    return new StoredLedger(files, store, state);
  }

  /** Takes the events of `log` that come next. */
  async follow(log: readonly LogEntry[]): Promise<void> {
    for (const entry of log) if (entry.event.seq > this.state.seq) await this.take(entry);
  }

  async take({ event, leaves }: LogEntry): Promise<void> {
    const change = fold(context, this.state, event, leaves, this.store);
    const blockHash = toHex(new Uint8Array(32).fill(event.seq));
    const place = { blockNumber: event.seq, blockHash, logIndex: 0, blockTimeS: 0 };
    await this.store.write(change, { event, place }, this.state);
    this.state.commit(change);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await this.files.close();
  }
}
