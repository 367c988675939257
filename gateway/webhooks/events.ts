/**
 * What happens at this gateway that the bank's other systems may want to hear of: a record that it took in has come
 * to its end, a load has, a device's money is back in an account, money under a code goes back to its sender. Each is written to the outbox with what it is
 * about, in one write.
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import type { Outpoint } from "../../protocol/output.ts";
import type { RefusalCode } from "../../protocol/refusal.ts";
import type { HeldLeaf } from "../intake.ts";
import type { Outcome } from "../outcome.ts";
import type { Change } from "../store.ts";
import type { Outbox } from "./outbox.ts";
import type { Subscriptions } from "./subscriptions.ts";

export type GatewayEvent =
  | {
      readonly kind: "record";
      readonly id: Hex;
      readonly state: "applied" | "refused";
      readonly code?: RefusalCode;
    }
  | {
      readonly kind: "load";
      readonly owner: Owner;
      readonly load: Hex;
      readonly amount: string;
      readonly state: "applied" | "dead";
    }
  | {
      readonly kind: "redemption";
      readonly owner: Owner;
      readonly id: Hex;
      readonly amount: string;
    }
  | {
      readonly kind: "unclaimed";
      readonly coin: Outpoint;
      readonly amount: string;
      readonly state: "expired" | "returned";
    };

export type EventsParts = {
  readonly outbox: Pick<Outbox, "write">;
  readonly subscriptions: Pick<Subscriptions, "noticesOf">;
  /** What a leaf brings back from a device. */
  readonly redeemed: (leaf: HeldLeaf) => { owner: Owner; amount: Amount } | undefined;
};

export class Events {
  readonly #parts: EventsParts;

  constructor(parts: EventsParts) {
    this.#parts = parts;
  }

  /** Writes changes, and with them that whoever subscribed is to be told. */
  async write(happened: readonly GatewayEvent[], changes: readonly Change[]): Promise<void> {
    const { outbox, subscriptions } = this.#parts;
    const notices = happened.flatMap((event) => subscriptions.noticesOf(event));
    await outbox.write(notices, changes);
  }

  /** What the ends of leaves are, once everything here has dealt with them. */
  ofEnds(outcomes: readonly Outcome[]): GatewayEvent[] {
    return outcomes.flatMap((outcome): GatewayEvent[] => {
      const { leaf, state } = outcome;
      const { id } = leaf;
      if (state === "refused") return [{ kind: "record", id, state, code: outcome.reason.code }];
      const ended = { kind: "record", id, state } as const;
      // Another's signature under the same body brings nothing back for its signer.
      const back = outcome.leafHash === leaf.hash ? this.#parts.redeemed(leaf) : undefined;
      if (back === undefined) return [ended];
      const { owner, amount } = back;
      return [ended, { kind: "redemption", owner, id, amount: String(amount) }];
    });
  }
}
