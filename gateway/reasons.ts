/**
 * Why leaves were turned down before they came to the ledger, for devices that ask. It is advice: the last
 * thousands are remembered, and a restart forgets them; the device hands its record in again and hears.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { Refusal } from "../protocol/refusal.ts";

const REMEMBERED = 10_000;

export class Reasons {
  /** A Map keeps the order of insertion: the oldest goes. */
  readonly #reasons = new Map<Hex, Refusal>();

  get(id: Hex): Refusal | undefined {
    return this.#reasons.get(id);
  }

  remember(id: Hex, reason: Refusal): void {
    this.#reasons.delete(id);
    if (this.#reasons.size >= REMEMBERED) {
      this.#reasons.delete(this.#reasons.keys().next().value!);
    }
    this.#reasons.set(id, reason);
  }
}
