/**
 * Keeps the index up with the ledger, in the background: what was stored since is read, a few thousand rows
 * are written at once with the place they end at, and what comes is waited for. After a crash it goes on
 * where the last write ended. The fold never waits for it; both take turns on one thread.
 */
import type { LedgerStore } from "../store/ledger-store.ts";
import { type EventReading, indexedEvent } from "./indexed-event.ts";
import type { IndexedEvents, TraceIndex } from "./trace-index.ts";

export type IndexFollowerParts = Omit<EventReading, "store"> & {
  readonly index: TraceIndex;
  readonly store: Pick<LedgerStore, "applied" | "deposit" | "eventsAfter" | "leafPlaces">;
  /** The last event that is in memory as well: what is stored after it is not looked at yet. */
  readonly foldedSeq: () => number;
  /** The index cannot be kept. */
  readonly onFailure: (error: Error) => void;
};

/** Enough to make one sync cheap: some megabytes. */
const ROWS_MAX = 8_192;

export class IndexFollower implements AsyncDisposable {
  readonly #parts: IndexFollowerParts;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #isBehind = false;

  constructor(parts: IndexFollowerParts) {
    this.#parts = parts;
  }

  /** Reads where the index stands, and begins. */
  async start(): Promise<void> {
    await this.#parts.index.load();
    this.folded();
  }

  /** To be told of every event once it is stored. */
  folded(): void {
    this.#isBehind = true;
    this.#running ??= this.#run();
  }

  /** Resolves when all that was stored before this call is indexed, or cannot be. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    try {
      while (this.#isBehind && !this.#stop.signal.aborted) {
        this.#isBehind = false;
        await this.#catchUp();
      }
    } catch (error) {
      this.#stop.abort();
      this.#parts.onFailure(error as Error);
    } finally {
      this.#running = undefined;
    }
  }

  async #catchUp(): Promise<void> {
    const { index, store, foldedSeq } = this.#parts;
    let gathered: IndexedEvents[] = [];
    let rows = 0;
    let seq = index.seq;
    const write = async () => {
      await index.add(joined(gathered), seq);
      gathered = [];
      rows = 0;
    };
    for await (const { row, applied } of store.eventsAfter(seq)) {
      if (this.#stop.signal.aborted) return;
      if (row.seq > foldedSeq()) break;
      const event = await indexedEvent(this.#parts, row, applied);
      gathered.push(event);
      rows += event.rows.length;
      seq = row.seq;
      if (rows >= ROWS_MAX) await write();
    }
    if (seq > index.seq) await write();
  }
}

function joined(events: readonly IndexedEvents[]): IndexedEvents {
  return {
    rows: events.flatMap(({ rows }) => rows),
    flows: events.flatMap(({ flows }) => flows),
  };
}
