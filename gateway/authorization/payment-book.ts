/**
 * Online payments as they are stored: each with its state, and beside it what follows from being authorized, in
 * the same write. The order is claimed, so that no second payment is authorized for it here; the amount counts
 * towards the customer's day; and once the record is known, refunds find their way back by its tag, for good. All
 * else of a payment that has ended is let go of in time.
 */
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import type { Amount } from "../../protocol/money.ts";
import {
  decodePaymentOrder,
  orderNonce,
  refundTag,
  refundTagIn,
  type SignedPaymentOrder,
} from "../../protocol/payment-order.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { AccountId, Accounts } from "../accounts.ts";
import { keys, ranges } from "../keys.ts";
import type { Payee } from "../redemptions.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Change, Store } from "../store.ts";
import type { TransferId } from "../transfers.ts";
import { dayOf } from "./online-limits.ts";
import { isCounted, isFinal, type PaymentState } from "./payment-state.ts";
import type { ServiceId } from "./services.ts";

export type PaymentId = Hex;

export type Payment = {
  readonly service: ServiceId;
  /** The signed order, as it travels. */
  readonly order: Hex;
  /** SHA-256 of the token that the customer's page shows with every call. */
  readonly token: Hex;
  /** Milliseconds. */
  readonly began: number;
  /** The day of UTC on which it was authorized. */
  readonly day?: number;
  readonly state: PaymentState;
};

export class PaymentBook implements Payee {
  readonly #networkId: Uint8Array;
  readonly #store: Store;
  readonly #accounts: Pick<Accounts, "credit">;

  constructor(networkId: Uint8Array, store: Store, accounts: Pick<Accounts, "credit">) {
    this.#networkId = networkId;
    this.#store = store;
    this.#accounts = accounts;
  }

  async get(id: PaymentId): Promise<Payment | undefined> {
    const value = await this.#store.get(keys.onlinePayment(id));
    return value === undefined ? undefined : decodeRow<Payment>(value);
  }

  /** Payments that have not come to their end. */
  async open(): Promise<[PaymentId, Payment][]> {
    const all: [PaymentId, Payment][] = [];
    for await (const [key, value] of this.#store.entries(ranges.onlinePayments)) {
      const payment = decodeRow<Payment>(value);
      if (!isFinal(payment.state)) all.push([toHex(key.subarray(1)), payment]);
    }
    return all;
  }

  /** What of a service's is authorized on a day. */
  async spentOn(service: ServiceId, day: number): Promise<Amount> {
    let spent = 0n;
    for await (const [, value] of this.#store.entries(ranges.spendingOfDay(service, day))) {
      spent += BigInt(decodeRow<{ amount: string }>(value).amount);
    }
    return spent;
  }

  /** @throws Refusal `conflict` if another payment was authorized for the order. */
  async checkFree(id: PaymentId, order: SignedPaymentOrder): Promise<void> {
    const claim = await this.#store.get(keys.orderClaim(this.nonceOf(order)));
    if (claim === undefined || toHex(claim) === id) return;
    throw new Refusal("conflict", "the order is being paid already, or is paid");
  }

  /** Writes a payment, and what its state entails where that has changed. */
  async save(id: PaymentId, payment: Payment, before?: Payment): Promise<void> {
    const changes: Change[] = [{ key: keys.onlinePayment(id), value: encodeRow(payment) }];
    const order = orderOf(payment);
    const wasCounted = before !== undefined && isCounted(before.state);
    if (isCounted(payment.state) !== wasCounted) {
      const isOn = !wasCounted;
      const day = (isOn ? payment : before!).day!;
      const amount = encodeRow({ amount: String(order.amount) });
      changes.push(
        { key: keys.orderClaim(this.nonceOf(order)), value: isOn ? fromHex(id) : null },
        { key: keys.spending(payment.service, day, id), value: isOn ? amount : null },
      );
    }
    if (payment.state.kind === "paid") {
      const tag = refundTag(this.#networkId, payment.state.record);
      changes.push({
        key: keys.refundTag(tag),
        value: encodeRow({ account: payment.state.account }),
      });
    }
    await this.#store.write(changes);
  }

  /** A refund came in, perhaps: the account that paid is credited, once for each record. */
  async receive(id: Hex, record: SignedRecord, amount: Amount): Promise<boolean> {
    const paid = await this.#store.get(keys.refundTag(refundTagIn(record.nonce)));
    if (paid === undefined) return false;
    const { account } = decodeRow<{ account: AccountId }>(paid);
    await this.#accounts.credit(account, amount, `refund:${id}`);
    return true;
  }

  /**
   * Lets go of payments that have ended and began before a time, with their transfers. Their orders are over by
   * then: nobody begins to pay one again.
   */
  async prune(before: number): Promise<void> {
    for await (const [key, value] of this.#store.entries(ranges.onlinePayments)) {
      const payment = decodeRow<Payment>(value);
      const order = orderOf(payment);
      const isOver = isFinal(payment.state) && payment.began < before && order.notAfter < before;
      if (!isOver) continue;
      const id = toHex(key.subarray(1));
      const gone = [key, keys.transfer(transferOf(id))];
      if (isCounted(payment.state)) {
        gone.push(keys.orderClaim(this.nonceOf(order)));
        gone.push(keys.spending(payment.service, payment.day!, id));
      }
      await this.#store.write(gone.map((each) => ({ key: each, value: null })));
    }
  }

  nonceOf(order: SignedPaymentOrder): Hex {
    return toHex(orderNonce(this.#networkId, order));
  }
}

/** The transfer that pays it. */
export function transferOf(id: PaymentId): TransferId {
  return `order:${id}`;
}

/** The order that a payment is for. */
export function orderOf({ order }: Payment): SignedPaymentOrder {
  return decodePaymentOrder(fromHex(order));
}

/** The day on which a payment counts, from when it is authorized. */
export function authorizedOn(payment: Payment, time: number): Payment {
  return { ...payment, day: dayOf(time) };
}
