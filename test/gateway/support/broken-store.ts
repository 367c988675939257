/** A store whose process dies: at its n-th write, which may or may not have reached the disk. */
import type { Store } from "../../../gateway/store.ts";

export class Cut extends Error {}

export type CutPlan = {
  /** The write that is the last, from 1. */
  readonly at: number;
  /** Whether it is on the disk all the same. */
  readonly written: boolean;
};

export class BrokenStore implements Store {
  readonly #store: Store;
  #plan: CutPlan | undefined;
  #writes = 0;
  /** Its last write is under way, and then over. */
  #isDying = false;
  #isCut = false;
  readonly #cut = Promise.withResolvers<void>();

  constructor(store: Store, plan?: CutPlan) {
    this.#store = store;
    this.#plan = plan;
  }

  /** Has the process die at a write from now on, or at none. */
  arm(plan: CutPlan | undefined): void {
    this.#plan = plan;
    this.#writes = 0;
  }

  get writes(): number {
    return this.#writes;
  }

  /** Whether the process has died, or will when its last write is through. */
  get isCut(): boolean {
    return this.#isDying;
  }

  /** Resolves when the process has died. */
  get cut(): Promise<void> {
    return this.#cut.promise;
  }

  get(key: Uint8Array) {
    this.#check();
    return this.#store.get(key);
  }

  getMany(keys: readonly Uint8Array[]) {
    this.#check();
    return this.#store.getMany(keys);
  }

  entries(range?: Parameters<Store["entries"]>[0]) {
    this.#check();
    return this.#store.entries(range);
  }

  async write(changes: Parameters<Store["write"]>[0]): Promise<void> {
    this.#check();
    this.#writes++;
    const plan = this.#plan;
    const isLast = this.#writes === plan?.at;
    if (isLast) this.#isDying = true;
    if (!isLast || plan.written) await this.#store.write(changes);
    if (!isLast) return;
    this.#isCut = true;
    this.#cut.resolve();
    throw new Cut("the process died");
  }

  #check(): void {
    if (this.#isCut) throw new Cut("the process is dead");
  }
}
