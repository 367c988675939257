/**
 * Refunds: a merchant gives back all or part of what an order brought. Its account is frozen, this bank's vault
 * pays the treasury that paid, and that bank credits its customer by the record's nonce; the merchant learns
 * nothing of whom. What goes back never adds up to more than was paid.
 */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { MemberId } from "../../protocol/output.ts";
import { refundNonce } from "../../protocol/payment-order.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Amount } from "../../protocol/money.ts";
import type { AccountId } from "../accounts.ts";
import type { TransferRow, Transfers } from "../transfers.ts";
import type { MerchantId } from "./merchants.ts";
import { orderIn, type OrderRow, type Orders, type Refund } from "./orders.ts";

export type RefundsParts = {
  readonly networkId: Uint8Array;
  readonly orders: Orders;
  readonly transfers: Transfers;
  /** Of which member it is a treasury key's owner. @throws Refusal `unknown-member`. */
  readonly memberOf: (treasury: Owner) => MemberId;
  readonly suspense: AccountId;
  readonly clock: () => number;
  /** How long the vault may take to pay. */
  readonly patienceMs: number;
};

/** More are a mistake; the number has two bytes. */
const REFUNDS_MAX = 100;

export class Refunds {
  readonly #parts: RefundsParts;

  constructor(parts: RefundsParts) {
    this.#parts = parts;
  }

  /**
   * Begins a refund, or finds the one of this reference. How it ends, the order says.
   * @throws Refusal `not-found`; `conflict` if the order is not paid, or the reference stands for another refund;
   *   `over-refund`; as `memberOf`.
   */
  async ask(
    merchant: MerchantId,
    number: string,
    reference: string,
    amount: Amount,
  ): Promise<OrderRow> {
    const { orders, memberOf } = this.#parts;
    const found = await orders.get(merchant, number);
    if (found.paid === undefined) throw new Refusal("conflict", "the order is not paid");
    // Before anything is written down: what no bank has paid goes back to none.
    const member = memberOf(found.paid.by);
    const nonce = orders.nonceOf(found);
    const row = await orders.changeRefunds(nonce, (order) => withRefund(order, reference, amount));
    const index = row.refunds.findIndex((refund) => refund.reference === reference);
    if (row.refunds[index]!.state === "pending") {
      await this.#transfer(nonce, row, index + 1, member);
    }
    return orders.get(merchant, number);
  }

  /** Gives a second payment of an order back, from where it waits. */
  async giveBack(record: Hex, by: Owner, amount: Amount): Promise<void> {
    const { networkId, transfers, memberOf, suspense } = this.#parts;
    await transfers.queue(`again:${record}`, {
      account: suspense,
      amount,
      payee: by,
      member: memberOf(by),
      nonce: toHex(refundNonce(networkId, record, 0)),
      payBefore: Number.MAX_SAFE_INTEGER,
    });
  }

  /** Hears of transfers that have ended. */
  async end(id: string, { state, record, reason }: TransferRow): Promise<void> {
    const name = /^refund:(0x[0-9a-f]{32}):(\d+)$/.exec(id);
    if (name === null) return;
    const [, nonce, number] = name;
    const ended =
      state === "applied"
        ? ({ state: "paid", record: record! } as const)
        : ({ state: "refused", reason: reason!.code } as const);
    await this.#parts.orders.changeRefunds(nonce as Hex, ({ refunds }) =>
      refunds.map((refund, i) => (i + 1 === Number(number) ? { ...refund, ...ended } : refund)),
    );
  }

  async #transfer(nonce: Hex, row: OrderRow, number: number, member: MemberId): Promise<void> {
    const { networkId, transfers, clock, patienceMs } = this.#parts;
    const { record, by } = row.paid!;
    await transfers.ask(`refund:${nonce}:${number}`, {
      account: row.account,
      amount: BigInt(row.refunds[number - 1]!.amount),
      payee: by,
      member,
      nonce: toHex(refundNonce(networkId, record, number)),
      payBefore: clock() + patienceMs,
    });
  }
}

/** @throws Refusal `conflict`, `over-refund`. */
function withRefund(row: OrderRow, reference: string, amount: Amount): readonly Refund[] {
  const { refunds } = row;
  const known = refunds.find((refund) => refund.reference === reference);
  if (known !== undefined) {
    if (known.amount === String(amount)) return refunds;
    throw new Refusal("conflict", `reference ${reference} stands for another refund`);
  }
  if (refunds.length >= REFUNDS_MAX) {
    throw new Refusal("conflict", `an order has at most ${REFUNDS_MAX} refunds`);
  }
  const left = refunds
    .filter(({ state }) => state !== "refused")
    .reduce((rest, refund) => rest - BigInt(refund.amount), orderIn(row).amount);
  if (amount > left) throw new Refusal("over-refund", `${left} are left of what was paid`);
  return [...refunds, { reference, amount: String(amount), state: "pending" }];
}
