/** A store that loses its power when it is told to: before or after one of its writes. */
import type { PurseStore, StoreChange } from "../purse-store.ts";

export class CuttingStore implements PurseStore {
  readonly #inner: PurseStore;
  readonly #cutPower: () => Promise<never>;
  #moments = 0;
  #cutAt: number | undefined;

  /** @param cutPower ends all that runs on the device: it never resolves. */
  constructor(inner: PurseStore, cutPower: () => Promise<never>) {
    this.#inner = inner;
    this.#cutPower = cutPower;
  }

  /** @param moment counted from 0 and from now on; undefined leaves the power on. */
  arm(moment: number | undefined): void {
    this.#moments = 0;
    this.#cutAt = moment;
  }

  rows(): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#inner.rows();
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    await this.#pass();
    await this.#inner.write(changes);
    await this.#pass();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #pass(): Promise<void> {
    if (this.#moments++ === this.#cutAt) await this.#cutPower();
  }
}
