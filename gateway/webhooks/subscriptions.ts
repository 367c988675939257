/** Which of the bank's own systems are told of events at this gateway, and of which. */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Random } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { keys, ranges } from "../keys.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Store } from "../store.ts";
import { checkTold } from "../web-address.ts";
import type { GatewayEvent } from "./events.ts";
import type { Notice } from "./outbox.ts";

export type EventKind = GatewayEvent["kind"];

export type Subscription = {
  readonly id: Hex;
  readonly url: string;
  readonly kinds: readonly EventKind[];
  readonly created: number;
};

export type SubscriptionsParts = {
  readonly store: Store;
  readonly random: Random;
  readonly clock: () => number;
  /** Whether plain http to this machine is let be. */
  readonly plainLoopback: boolean;
};

const ID_LENGTH = 16;

export class Subscriptions {
  readonly #parts: SubscriptionsParts;
  readonly #rows = new Map<Hex, Subscription>();

  private constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
  }

  static async open(parts: SubscriptionsParts): Promise<Subscriptions> {
    const subscriptions = new Subscriptions(parts);
    for await (const [, value] of parts.store.entries(ranges.subscriptions)) {
      const row = decodeRow<Subscription>(value);
      subscriptions.#rows.set(row.id, row);
    }
    return subscriptions;
  }

  all(): Subscription[] {
    return [...this.#rows.values()];
  }

  /** @throws Refusal `malformed` if nobody may be told there; `busy` if there are as many as may be. */
  async add(url: string, kinds: readonly EventKind[]): Promise<Subscription> {
    const { store, random, clock, plainLoopback } = this.#parts;
    checkTold(url, plainLoopback);
    if (this.#rows.size >= limits.subscriptionsMax)
      throw new Refusal("busy", `there are ${this.#rows.size} subscriptions, as many as may be`);
    const row = { id: toHex(random(ID_LENGTH)), url, kinds, created: clock() };
    this.#rows.set(row.id, row);
    await store.write([{ key: keys.subscription(row.id), value: encodeRow(row), old: null }]);
    return row;
  }

  /** What it was still to be told is let go of. @throws Refusal `not-found`. */
  async remove(id: Hex): Promise<void> {
    if (!this.#rows.delete(id)) throw new Refusal("not-found", "there is no such subscription");
    await this.#parts.store.write([{ key: keys.subscription(id), value: null }]);
  }

  /** Whom to tell of an event. */
  noticesOf(event: GatewayEvent): Notice[] {
    return this.all()
      .filter(({ kinds }) => kinds.includes(event.kind))
      .map(({ id }) => ({ to: id, about: JSON.stringify(event) }));
  }

  /** Where a notice goes, while somebody wants it. */
  describe({ to, about }: Notice): { url: string; what: object } | undefined {
    const row = this.#rows.get(to as Hex);
    return row === undefined ? undefined : { url: row.url, what: JSON.parse(about) as object };
  }
}
