/** What the bank's people ask about a payment of which they know who, with what, or where. */
import type { Owner } from "../protocol/key.ts";
import { call, type Route } from "../node/service/route.ts";
import * as examples from "./examples.ts";
import { type PaymentSearchParts, searchPayments } from "./payment-search.ts";
import * as Api from "./schema.ts";
import { may } from "./staff/roles.ts";

export function paymentRoutes(parts: PaymentSearchParts): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/payments",
      summary:
        "Payments on the ledger by the customer's account, its device, the device on the other side, or any of these together; of a node that keeps the index for traces",
      roles: may.seeCustomers,
      refusals: ["not-found"],
      example: { query: examples.paymentQuestion, reply: examples.foundPayments },
      query: Api.PaymentQuestion,
      reply: Api.FoundPayments,
      timeoutMs: 60_000,
      async handle({ query: { device, other, ...query } }) {
        const question = { ...query, device: device as Owner, other: other as Owner };
        const { payments, next } = await searchPayments(parts, question);
        return {
          payments: payments.map(({ amount, others, ...payment }) => ({
            ...payment,
            amount: String(amount),
            others: [...others],
          })),
          ...(next === undefined ? {} : { next }),
        };
      },
    }),
  ];
}
