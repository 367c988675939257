/**
 * This node's copy of the ledger. It takes one event after the other: finds the leaves, folds, checks
 * the identities, stores, and only then lets memory and listeners know. Nothing else changes the ledger.
 */
import type { Change } from "./ledger/change.ts";
import type { LedgerEvent, PlacedEvent } from "./ledger/event.ts";
import { fold, type FoldContext, type SequencedLeaf } from "./ledger/fold.ts";
import { checkIdentities } from "./ledger/identities.ts";
import type { LedgerState } from "./ledger/state.ts";
import type { LeafSource } from "./leaf-source.ts";
import type { LedgerStore } from "./store/ledger-store.ts";

/** What listeners learn of an event, once it is durable. */
export type Folded = {
  readonly placed: PlacedEvent;
  readonly leaves: readonly SequencedLeaf[];
  readonly change: Change;
};

/** Hears of every event in order. It must not throw, and what it starts must not hold up the fold. */
export type FoldedListener = (folded: Folded) => void;

export type ReplicaParts = {
  readonly context: FoldContext;
  readonly state: LedgerState;
  readonly store: LedgerStore;
  readonly leaves: Pick<LeafSource, "leavesOf">;
  /** Called when somebody waits for an event that may be in the log already. */
  readonly hurry?: () => void;
};

export class Replica {
  readonly state: LedgerState;
  readonly store: LedgerStore;
  readonly #context: FoldContext;
  readonly #leaves: Pick<LeafSource, "leavesOf">;
  readonly #hurry: (() => void) | undefined;
  readonly #listeners: FoldedListener[] = [];
  /** Those who wait until an event is folded. */
  readonly #waiting = new Set<{ readonly seq: number; readonly resolve: () => void }>();

  constructor({ context, state, store, leaves, hurry }: ReplicaParts) {
    this.#context = context;
    this.state = state;
    this.store = store;
    this.#leaves = leaves;
    this.#hurry = hurry;
  }

  onFolded(listener: FoldedListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Folds events until they end. @throws Refusal `unsupported-version`, FoldError, IdentityError,
   *   StoreWriteError, and what `events` throws: the node cannot go on.
   */
  async follow(events: AsyncIterable<PlacedEvent>, signal: AbortSignal): Promise<void> {
    for await (const placed of events) {
      if (signal.aborted) return;
      await this.#take(placed, signal);
    }
  }

  /** Whether the event `seq` is folded, at the latest after `timeoutMs`. */
  async reached(seq: number, timeoutMs: number): Promise<boolean> {
    if (this.state.seq >= seq) return true;
    this.#hurry?.();
    return await new Promise<boolean>((done) => {
      const entry = { seq, resolve: () => finish(true) };
      const timer = setTimeout(() => finish(false), timeoutMs);
      const finish = (isReached: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(entry);
        done(isReached);
      };
      this.#waiting.add(entry);
    });
  }

  async #take(placed: PlacedEvent, signal: AbortSignal): Promise<void> {
    const { event } = placed;
    const leaves = await this.#leavesOf(event, signal);
    const change = fold(this.#context, this.state, event, leaves, this.store);
    checkIdentities(change);
    await this.store.write(change, placed, this.state);
    this.state.commit(change);
    for (const listener of this.#listeners) listener({ placed, leaves, change });
    for (const entry of this.#waiting) if (entry.seq <= event.seq) entry.resolve();
  }

  async #leavesOf(event: LedgerEvent, signal: AbortSignal): Promise<readonly SequencedLeaf[]> {
    return event.kind === "sequenced" ? await this.#leaves.leavesOf(event, signal) : [];
  }
}
