/** Money under codes that waits at this member, as it is stored: by the owner of the coin and the coin. */
import type { Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Outpoint } from "../../protocol/output.ts";
import type { NamedLeaf } from "../intake-leaf.ts";
import { keys, ranges } from "../keys.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Change, Store } from "../store.ts";
import type { GatewayEvent, Events } from "../webhooks/events.ts";

/**
 * `waiting` for its payee. `expired`: nobody claims it any more, and its owner is to be revoked. `reclaimed`: the
 * record that takes it back is made. `returned`: whoever sent it has it.
 */
export type UnclaimedCoin = {
  readonly owner: Owner;
  readonly outpoint: Outpoint;
  readonly amount: string;
  /** When it was first seen here, and when it expired, in milliseconds. */
  readonly found: number;
  readonly expired?: number;
  readonly returned?: number;
  /** The record that takes it back. */
  readonly reclaim?: Hex;
  readonly state: "waiting" | "expired" | "reclaimed" | "returned";
};

export type UnclaimedBookParts = {
  readonly store: Store;
  readonly events: Pick<Events, "write">;
};

export class UnclaimedBook {
  readonly #parts: UnclaimedBookParts;
  /** Coins that have expired and are not returned. Anyone may lock another to the same owner. */
  readonly #expired = new Map<Outpoint, { readonly owner: Owner; readonly since: number }>();
  #changes = 0;

  private constructor(parts: UnclaimedBookParts) {
    this.#parts = parts;
  }

  static async open(parts: UnclaimedBookParts): Promise<UnclaimedBook> {
    const book = new UnclaimedBook(parts);
    for await (const coin of book.all()) book.#remember(coin);
    return book;
  }

  async *all(): AsyncGenerator<UnclaimedCoin> {
    for await (const [, value] of this.#parts.store.entries(ranges.unclaimed)) {
      yield decodeRow<UnclaimedCoin>(value);
    }
  }

  async get(owner: Owner, outpoint: Outpoint): Promise<UnclaimedCoin | undefined> {
    const value = await this.#parts.store.get(keys.unclaimed(owner, outpoint));
    return value === undefined ? undefined : decodeRow<UnclaimedCoin>(value);
  }

  /** Whether a coin of this owner's goes back, or has gone. */
  async isExpired(owner: Owner): Promise<boolean> {
    for await (const [, value] of this.#parts.store.entries(ranges.unclaimedOf(owner))) {
      if (decodeRow<UnclaimedCoin>(value).state !== "waiting") return true;
    }
    return false;
  }

  /** Ascends whenever `expired` may have changed. */
  get changes(): number {
    return this.#changes;
  }

  /** Owners whom the member is to revoke, and since when, in milliseconds. */
  get expired(): ReadonlyMap<Owner, number> {
    const owners = new Map<Owner, number>();
    for (const { owner, since } of this.#expired.values()) {
      owners.set(owner, Math.min(since, owners.get(owner) ?? since));
    }
    return owners;
  }

  /** Writes how a coin stands; whoever subscribed is told of its end. */
  async save(coin: UnclaimedCoin): Promise<void> {
    const { outpoint, amount, state } = coin;
    const isTold = state === "expired" || state === "returned";
    const told: GatewayEvent[] = isTold
      ? [{ kind: "unclaimed", coin: outpoint, amount, state }]
      : [];
    await this.#parts.events.write(told, [changeOf(coin)]);
    this.#remember(coin);
  }

  /** What is written with the record that takes it back. */
  reclaimed(coin: UnclaimedCoin, { id }: NamedLeaf): Change {
    return changeOf({ ...coin, state: "reclaimed", reclaim: id });
  }

  /** The coin was claimed, or is long over. */
  async forget({ owner, outpoint }: UnclaimedCoin): Promise<void> {
    await this.#parts.store.write([{ key: keys.unclaimed(owner, outpoint), value: null }]);
    this.#expired.delete(outpoint);
    this.#changes++;
  }

  #remember({ owner, outpoint, state, expired }: UnclaimedCoin): void {
    this.#changes++;
    if (state === "expired" || state === "reclaimed")
      this.#expired.set(outpoint, { owner, since: expired! });
    else this.#expired.delete(outpoint);
  }
}

function changeOf(coin: UnclaimedCoin): Change {
  return { key: keys.unclaimed(coin.owner, coin.outpoint), value: encodeRow(coin) };
}
