/**
 * Merchants' orders: what a merchant is owed and by when, signed by the bank for the customer to take to any
 * bank of the network, and whether it is paid. Paid is what the ledger says: a record gave this bank's treasury
 * exactly the amount, under the order's nonce. The merchant's account is credited then, once. An order may be
 * paid after its end, by a customer who began in time; until it is paid the merchant delivers nothing.
 *
 * An order that has ended is kept for `keptMs` after the last that happened to it, and payouts are told of the days
 * since then alone: of no day some orders are there and some not. One whose money still lies in the vault as it came
 * is kept until that moves: its record is looked at whenever the coin is met.
 */
import { fromHex, type Hex, Reader, toHex } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import { joinOutpoint, type MemberId } from "../../protocol/output.ts";
import {
  decodePaymentOrder,
  ORDER_ID_LENGTH,
  orderNonce,
  signPaymentOrder,
  type SignedPaymentOrder,
} from "../../protocol/payment-order.ts";
import type { Random } from "../../protocol/random.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { NodeClient } from "../../node/client.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { AccountId, Accounts } from "../accounts.ts";
import { keys, ranges } from "../keys.ts";
import type { Payee } from "../redemptions.ts";
import { Recurring } from "../recurring.ts";
import { decodeRow, encodeRow } from "../row.ts";
import { Serial } from "../serial.ts";
import type { Store } from "../store.ts";
import type { Outbox } from "../webhooks/outbox.ts";
import { type Merchant, type MerchantId, receiverOf } from "./merchants.ts";

export type OrdersParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  /** Known from the trust list to whoever is to pay. */
  readonly issuer: Signer;
  /** The owner that the vault's coins have at present. */
  readonly vaultOwner: () => Owner;
  readonly store: Store;
  readonly accounts: Pick<Accounts, "credit">;
  readonly random: Random;
  readonly clock: () => number;
  readonly logger: Logger;
  /** How long a customer has to begin, where the merchant does not say. */
  readonly lifeMs: number;
  readonly keptMs: number;
  readonly node: Pick<NodeClient, "coins">;
  readonly outbox: Pick<Outbox, "write">;
  /** Where money waits that an order brought once too often. */
  readonly suspense: AccountId;
};

export type NewOrder = {
  /** The merchant's own: the same number is the same order. */
  readonly number: string;
  readonly amount: Amount;
  readonly returnUrl: string;
  /** For an intermediary: the merchant that customers see. */
  readonly onBehalfOf?: string | undefined;
};

export type Refund = {
  /** The merchant's own: the same reference is the same refund. */
  readonly reference: string;
  readonly amount: string;
  readonly state: "pending" | "paid" | "refused";
  readonly record?: Hex;
  readonly reason?: string;
};

export type OrderRow = {
  readonly merchant: MerchantId;
  readonly account: string;
  /** The signed order, as it travels. */
  readonly bytes: Hex;
  readonly paid?: { readonly record: Hex; readonly time: number; readonly by: Owner };
  /** Why a payment here came to nothing; another may follow. */
  readonly refused?: string;
  /** In the order they were asked for; their numbers begin with 1. */
  readonly refunds: readonly Refund[];
  /** When something last happened to it, in milliseconds; absent before anything has. */
  readonly changed?: number;
};

export type PaidTwiceListener = (record: Hex, by: Owner, amount: Amount) => Promise<void>;

export type OrderState = "open" | "expired" | "paid";

export class Orders implements Payee {
  readonly #parts: OrdersParts;
  readonly #serial = new Serial();
  readonly #pruning: Recurring;
  #paidTwice: PaidTwiceListener = () => Promise.resolve();

  constructor(parts: OrdersParts) {
    this.#parts = parts;
    const failure = "old orders could not be let go of";
    const { logger } = parts;
    this.#pruning = new Recurring({ task: () => this.#prune(), everyMs: DAY_MS, logger, failure });
  }

  start(): void {
    this.#pruning.start();
  }

  async stop(): Promise<void> {
    await this.#pruning.stop();
  }

  /**
   * Takes an order, or finds the one of this number.
   * @throws Refusal `conflict` if the number stands for another order, `forbidden` for whoever is no intermediary.
   */
  async take(merchant: Merchant, asked: NewOrder): Promise<OrderRow> {
    const label = asked.onBehalfOf ?? merchant.label;
    if (asked.onBehalfOf !== undefined && !merchant.isIntermediary) {
      throw new Refusal("forbidden", "only an intermediary takes orders for other merchants");
    }
    return this.#serial.run(async () => {
      const known = await this.#find(merchant.merchant, asked.number);
      if (known !== undefined) return checkSame(known, asked, label);
      return this.#sign(merchant, asked, label);
    });
  }

  /** The row of an order's nonce: where its merchant is told of it. */
  async named(nonce: Hex): Promise<OrderRow | undefined> {
    return this.#row(nonce);
  }

  /** @throws Refusal `not-found`. */
  async get(merchant: MerchantId, number: string): Promise<OrderRow> {
    const row = await this.#find(merchant, number);
    if (row === undefined) throw new Refusal("not-found", `there is no order ${number}`);
    return row;
  }

  /** Orders that were paid, or refunded from, on a day of UTC. @throws Refusal `not-found` for a day no longer kept. */
  async ofDay(merchant: MerchantId, day: number): Promise<OrderRow[]> {
    const { clock, keptMs } = this.#parts;
    if (day <= dayOf(clock() - keptMs)) {
      throw new Refusal("not-found", `what happened ${keptMs / DAY_MS} days ago is not kept`);
    }
    const nonces = await Array.fromAsync(
      this.#parts.store.entries(ranges.ordersOfDay(merchant, day)),
      ([key]) => toHex(key.subarray(-ORDER_ID_LENGTH)),
    );
    const rows = await this.#parts.store.getMany(nonces.map(keys.order));
    return rows.map((row) => decodeRow<OrderRow>(row!));
  }

  /** A record came in that has the nonce of an order, perhaps. */
  async receive(id: Hex, record: SignedRecord, amount: Amount): Promise<boolean> {
    return this.#serial.run(async () => {
      const nonce = toHex(record.nonce);
      const row = await this.#row(nonce);
      if (row === undefined || orderIn(row).amount !== amount) return false;
      if (row.paid !== undefined && row.paid.record !== id) {
        await this.#takeAgain(id, record, amount, row);
        return true;
      }
      await this.#parts.accounts.credit(row.account, amount, `order:${nonce}`);
      if (row.paid !== undefined) return true;
      const paid = { record: id, time: this.#parts.clock(), by: ownerOf(record.signer) };
      await this.#saveEnd(nonce, { ...row, paid });
      return true;
    });
  }

  /** Told of an order that was paid twice, with the second record: it is to go back. It must not wait for the vault. */
  onPaidTwice(listener: PaidTwiceListener): void {
    this.#paidTwice = listener;
  }

  /** A customer of this bank tried to pay and could not. */
  async noteRefusal(nonce: Hex, refused: string): Promise<void> {
    await this.#serial.run(async () => {
      const row = await this.#row(nonce);
      if (row === undefined || row.paid !== undefined || row.refused === refused) return;
      await this.#saveEnd(nonce, { ...row, refused });
    });
  }

  /** Changes the refunds of an order, one change at a time. @throws Refusal as `change` does, `not-found`. */
  async changeRefunds(nonce: Hex, change: (row: OrderRow) => readonly Refund[]): Promise<OrderRow> {
    return this.#serial.run(async () => {
      const row = await this.#row(nonce);
      if (row === undefined) throw new Refusal("not-found", "there is no such order");
      const changed = { ...row, refunds: change(row) };
      if (changed.refunds === row.refunds) return row;
      await this.#saveEnd(nonce, changed);
      return changed;
    });
  }

  /** @param row as it stands now. */
  stateOf(row: OrderRow): OrderState {
    if (row.paid !== undefined) return "paid";
    return this.#parts.clock() >= orderIn(row).notAfter ? "expired" : "open";
  }

  nonceOf(row: OrderRow): Hex {
    return toHex(orderNonce(this.#parts.networkId, orderIn(row)));
  }

  /** Two customers, of two banks, have paid one order: the second gets its money back. */
  async #takeAgain(id: Hex, record: SignedRecord, amount: Amount, row: OrderRow): Promise<void> {
    const { accounts, suspense, logger } = this.#parts;
    await accounts.credit(suspense, amount, `order-again:${id}`);
    logger.warn({ id, ...nameOf(row) }, "an order was paid twice: the second payment goes back");
    await this.#paidTwice(id, ownerOf(record.signer), amount);
  }

  async #sign(merchant: Merchant, asked: NewOrder, label: string): Promise<OrderRow> {
    const { networkId, member, issuer, vaultOwner, store, random, clock, lifeMs } = this.#parts;
    const created = clock();
    const { number, amount, returnUrl } = asked;
    const order = await signPaymentOrder(
      networkId,
      {
        member,
        payee: vaultOwner(),
        amount,
        id: random(ORDER_ID_LENGTH),
        created,
        notAfter: created + lifeMs,
        merchant: label,
        number,
        returnUrl,
      },
      issuer,
    );
    const nonce = orderNonce(networkId, order);
    const row: OrderRow = {
      merchant: merchant.merchant,
      account: merchant.account,
      bytes: toHex(order.bytes),
      refunds: [],
    };
    await store.write([
      { key: keys.order(toHex(nonce)), value: encodeRow(row), old: null },
      { key: keys.orderNumber(merchant.merchant, number), value: nonce, old: null },
    ]);
    return row;
  }

  /** The row, the day's list and that the merchant is to be told are one write. */
  async #saveEnd(nonce: Hex, row: OrderRow): Promise<void> {
    const { outbox, clock } = this.#parts;
    const changed = clock();
    const day = dayOf(changed);
    const dated =
      row.paid === undefined
        ? []
        : [{ key: keys.orderDay(row.merchant, day, nonce), value: new Uint8Array() }];
    const notice = { to: receiverOf(row.merchant), about: nonce };
    await outbox.write(
      [notice],
      [
        { key: keys.order(nonce), value: encodeRow({ ...row, changed } satisfies OrderRow) },
        ...dated,
      ],
    );
  }

  async #prune(): Promise<void> {
    const { store, clock, keptMs } = this.#parts;
    const before = clock() - keptMs;
    for await (const [key, value] of store.entries(ranges.orders)) {
      if (lastOf(decodeRow(value)) >= before) continue;
      await this.#serial.run(() => this.#forget(toHex(key.subarray(1)), before));
    }
    for await (const [key] of store.entries(ranges.orderDays)) {
      if (dayIn(key) <= dayOf(before)) await store.write([{ key, value: null }]);
    }
  }

  async #forget(nonce: Hex, before: number): Promise<void> {
    const { store, node } = this.#parts;
    const row = (await this.#row(nonce))!;
    if (lastOf(row) >= before || row.refunds.some(({ state }) => state === "pending")) return;
    if (row.paid !== undefined) {
      const { coins } = await node.coins([joinOutpoint(row.paid.record, 0)]);
      if (coins.length > 0) return;
    }
    const transfers = row.refunds.map((_, i) => keys.transfer(`refund:${nonce}:${i + 1}`));
    const number = keys.orderNumber(row.merchant, orderIn(row).number);
    const gone = [keys.order(nonce), number, ...transfers];
    await store.write(gone.map((key) => ({ key, value: null })));
  }

  async #find(merchant: MerchantId, number: string): Promise<OrderRow | undefined> {
    const nonce = await this.#parts.store.get(keys.orderNumber(merchant, number));
    return nonce === undefined ? undefined : this.#row(toHex(nonce));
  }

  async #row(nonce: Hex): Promise<OrderRow | undefined> {
    const value = await this.#parts.store.get(keys.order(nonce));
    return value === undefined ? undefined : decodeRow<OrderRow>(value);
  }
}

const DAY_MS = 86_400_000;

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

/** Of a key of `keys.orderDay`, which ends with day u32 and nonce. */
function dayIn(key: Uint8Array): number {
  return new Reader(key.subarray(-ORDER_ID_LENGTH - 4)).u32("day");
}

/** When something last happened to an order, or could begin to. */
function lastOf(row: OrderRow): number {
  return Math.max(orderIn(row).notAfter, row.changed ?? 0);
}

/** The order that a row is about. */
export function orderIn({ bytes }: OrderRow): SignedPaymentOrder {
  return decodePaymentOrder(fromHex(bytes));
}

/** @throws Refusal `conflict`. */
function checkSame(row: OrderRow, asked: NewOrder, label: string): OrderRow {
  const order = orderIn(row);
  const isSame =
    order.amount === asked.amount &&
    order.returnUrl === asked.returnUrl &&
    order.merchant === label;
  if (isSame) return row;
  throw new Refusal("conflict", `number ${asked.number} stands for another order`);
}

function nameOf(row: OrderRow): { merchant: MerchantId; number: string } {
  return { merchant: row.merchant, number: orderIn(row).number };
}
