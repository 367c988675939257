/**
 * The state at the end of the last settled cycle, kept so that anyone can be shown an entry of it with the
 * quorum's signatures: a coin that was unspent there, a member's key. Every cycle's end is frozen when it is
 * folded, and let go of when a later one has settled. A restart has no past: it shows nothing before the next
 * settlement.
 */
import type { MemberId, Outpoint } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { stateKey } from "../../protocol/state-entry.ts";
import type { PlacedEntry } from "../../protocol/state-statement.ts";
import type { Folded } from "../replica.ts";
import type { FrozenState } from "../store/frozen-state.ts";
import type { LedgerStore } from "../store/ledger-store.ts";

/** An entry, and the cycle at whose end it stood so. */
export type SettledEntry = { readonly cycle: number; readonly entry: PlacedEntry };

export class SettledState implements AsyncDisposable {
  readonly #store: Pick<LedgerStore, "freeze">;
  readonly #ends = new Map<number, FrozenState>();
  #settled: number | undefined;
  /** What was let go of and is still read. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(store: Pick<LedgerStore, "freeze">) {
    this.#store = store;
  }

  /** To be told of every event, before the next is stored. */
  folded({ placed: { event } }: Pick<Folded, "placed">): void {
    if (event.kind === "cycle-closed") this.#ends.set(event.cycle, this.#store.freeze());
    if (event.kind !== "settled" || !this.#ends.has(event.cycle)) return;
    this.#settled = event.cycle;
    for (const cycle of this.#ends.keys()) if (cycle < event.cycle) this.#letGo(cycle);
  }

  /** @throws Refusal `not-found` for a coin that was not unspent there; `unavailable` before a settlement, or too long after. */
  async coin(outpoint: Outpoint): Promise<SettledEntry> {
    const { cycle, entry } = await this.#placeOf(stateKey.coin(outpoint));
    if (entry !== undefined) return { cycle, entry };
    const detail = `coin ${outpoint} was not there, unspent, at the end of cycle ${cycle}`;
    throw new Refusal("not-found", detail);
  }

  /** @throws Refusal `unknown-member`; `unavailable` before a settlement. */
  async member(member: MemberId): Promise<SettledEntry> {
    const { cycle, entry } = await this.#placeOf(stateKey.member(member));
    if (entry !== undefined) return { cycle, entry };
    throw new Refusal(
      "unknown-member",
      `there was no member ${member} at the end of cycle ${cycle}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cycle of this.#ends.keys()) this.#letGo(cycle);
    await Promise.all(this.#leaving);
  }

  async #placeOf(key: Uint8Array) {
    const cycle = this.#settled;
    const end = cycle === undefined ? undefined : this.#ends.get(cycle);
    if (cycle === undefined || end === undefined)
      throw new Refusal(
        "unavailable",
        "no cycle has settled since this node started: ask another node, or again after the next",
      );
    return { cycle, entry: await end.placeOf(key) };
  }

  #letGo(cycle: number): void {
    const end = this.#ends.get(cycle)!;
    this.#ends.delete(cycle);
    const left = end[Symbol.asyncDispose]();
    this.#leaving.add(left);
    void left.finally(() => this.#leaving.delete(left));
  }
}
