/** What a merchant hears of its order. */
import { encodeBase64Url } from "../../protocol/base64url.ts";
import { orderIn, type OrderRow, type OrderState } from "./orders.ts";
import type * as Api from "./schema.ts";

/** @param page address of the payment page. */
export function orderView(row: OrderRow, state: OrderState, page: string): Api.OrderRow {
  const order = orderIn(row);
  return {
    number: order.number,
    state,
    amount: String(order.amount),
    merchant: order.merchant,
    created: order.created,
    notAfter: order.notAfter,
    // After the hash sign, so that no server on the way logs it.
    paymentUrl: `${page}#${encodeBase64Url(order.bytes)}`,
    ...(row.paid === undefined ? {} : { record: row.paid.record, paid: row.paid.time }),
    ...(row.refused === undefined || row.paid !== undefined ? {} : { refused: row.refused }),
    refunds: row.refunds.map(({ reference, amount, state: end, reason }) => ({
      reference,
      amount,
      state: end,
      ...(reason === undefined ? {} : { reason }),
    })),
  };
}
