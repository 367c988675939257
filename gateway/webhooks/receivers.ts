/**
 * How each receiver fares: how many notices wait for it, and if it does not hear, since when, whether nothing is sent
 * to it any more, and how many notices were dropped. What is stored is only of those that do not hear.
 */
import { keys, ranges } from "../keys.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Change, Store } from "../store.ts";

export type Standing = {
  /** Since when no try has succeeded. Milliseconds since 1970, as all times here. */
  readonly failing: number;
  /** Since when nothing is sent to it. */
  readonly parked?: number;
  /** Of the notices it has not heard, the oldest: there were more than are kept. */
  readonly dropped: number;
};

type Row = Standing & { readonly to: string };

export type ReceiverRow = Row & { readonly waiting: number };

export class Receivers {
  readonly #standings = new Map<string, Standing>();
  readonly #waiting = new Map<string, number>();

  static async open(store: Store): Promise<Receivers> {
    const receivers = new Receivers();
    for await (const [, value] of store.entries(ranges.receivers)) {
      const { to, ...standing } = decodeRow<Row>(value);
      receivers.#standings.set(to, standing);
    }
    return receivers;
  }

  get(to: string): Standing | undefined {
    return this.#standings.get(to);
  }

  /** @returns the change that belongs to it. @param standing undefined once it has heard something. */
  set(to: string, standing: Standing | undefined): Change {
    const key = keys.receiver(to);
    if (standing === undefined) {
      this.#standings.delete(to);
      return { key, value: null };
    }
    this.#standings.set(to, standing);
    return { key, value: encodeRow({ to, ...standing } satisfies Row) };
  }

  isParked(to: string): boolean {
    return this.get(to)?.parked !== undefined;
  }

  /** Notices that wait for it. */
  waiting(to: string): number {
    return this.#waiting.get(to) ?? 0;
  }

  /** Counts notices that came, or that wait no longer. */
  count(to: string, change: number): void {
    const waiting = this.waiting(to) + change;
    if (waiting === 0) this.#waiting.delete(to);
    else this.#waiting.set(to, waiting);
  }

  /** Those that do not hear, by name. */
  unheard(): ReceiverRow[] {
    return [...this.#standings]
      .map(([to, standing]) => ({ to, ...standing, waiting: this.waiting(to) }))
      .sort((a, b) => (a.to < b.to ? -1 : 1));
  }

  get totals(): { readonly waiting: number; readonly parked: number } {
    const waiting = [...this.#waiting.values()].reduce((sum, each) => sum + each, 0);
    const parked = [...this.#standings.keys()].filter((to) => this.isParked(to)).length;
    return { waiting, parked };
  }
}
