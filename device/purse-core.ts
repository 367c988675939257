/**
 * The state of a purse and the store it is kept in: one operation at a time, each on a draft that is written
 * before the operation returns. Whatever leaves a purse stands on such a write.
 */
import { storeChange } from "./purse-rows.ts";
import type { PurseStore } from "./purse-store.ts";
import { Draft, type State } from "./purse-tables.ts";

/** Works on a draft. `commit` writes what there is so far, for an operation in which that must come first. */
export type Operation<T> = (draft: Draft, commit: () => Promise<void>) => Promise<T>;

export class PurseCore {
  readonly #store: PurseStore;
  readonly #state: State;
  #failure: Error | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @param state what the store has. */
  constructor(store: PurseStore, state: State) {
    this.#store = store;
    this.#state = state;
  }

  /** The state as it is, for a look. */
  view(): Draft {
    return new Draft(this.#state);
  }

  /** One operation at a time: it sees all that was written before it, and is written before it returns. */
  alone<T>(operation: Operation<T>): Promise<T> {
    const run = this.#last.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      const draft = new Draft(this.#state);
      const result = await operation(draft, () => this.#commit(draft));
      await this.#commit(draft);
      return result;
    });
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** Waits for what is under way, and lets go of the store. */
  async close(): Promise<void> {
    await this.#last;
    this.#failure ??= new Error("the purse is closed");
    await this.#store.close();
  }

  /** After a failed write nobody knows what is stored: the purse stops, and is opened again. */
  async #commit(draft: Draft): Promise<void> {
    const { changes } = draft;
    if (changes.length === 0) return;
    try {
      await this.#store.write(changes.map(storeChange));
    } catch (cause) {
      this.#failure = new Error("the purse's store failed: open the purse again", { cause });
      throw this.#failure;
    }
    draft.apply();
  }
}
