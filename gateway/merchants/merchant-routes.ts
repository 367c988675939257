/**
 * What merchants ask: on a listener of their own, over mutual TLS, each known by the certificate that it shows.
 * A merchant sees its own orders, and of who pays them nothing.
 */
import { parseMinorUnits } from "../../protocol/money.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { call, type Route } from "../../node/service/route.ts";
import * as examples from "./examples.ts";
import { type Merchants, receiverOf } from "./merchants.ts";
import type { OrderRow, Orders } from "./orders.ts";
import { orderView } from "./order-view.ts";
import type { Refunds } from "./refunds.ts";
import type { Outbox } from "../webhooks/outbox.ts";
import { Standing } from "../webhooks/schema.ts";
import * as Api from "./schema.ts";

export type MerchantRoutesParts = {
  readonly merchants: Merchants;
  readonly orders: Orders;
  readonly refunds: Refunds;
  readonly outbox: Pick<Outbox, "standing" | "resume">;
  /** Address of the payment page. */
  readonly page: () => string;
};

export function merchantRoutes(parts: MerchantRoutesParts): Route[] {
  const { merchants, orders, refunds, outbox, page } = parts;
  const view = (row: OrderRow) => orderView(row, orders.stateOf(row), page());
  return [
    call({
      method: "POST",
      path: "/v1/orders",
      summary: "Takes an order, or finds the one of this number; send the customer to its address",
      refusals: ["unauthorised", "conflict", "forbidden"],
      example: { body: examples.newOrder, reply: examples.openOrder },
      body: Api.NewOrder,
      reply: Api.OrderRow,
      async handle({ certificate, body }) {
        const merchant = await merchants.identify(certificate);
        return view(await orders.take(merchant, { ...body, amount: parseMinorUnits(body.amount) }));
      },
    }),
    call({
      method: "GET",
      path: "/v1/orders/:number",
      summary: "How an order stands",
      refusals: ["unauthorised", "not-found"],
      example: { params: examples.byNumber, reply: examples.paidOrder },
      params: Api.ByNumber,
      reply: Api.OrderRow,
      async handle({ certificate, params }) {
        const { merchant } = await merchants.identify(certificate);
        return view(await orders.get(merchant, params.number));
      },
    }),
    call({
      method: "POST",
      path: "/v1/orders/:number/refunds",
      summary: "Gives back all or part of what an order brought, once for each reference",
      refusals: ["unauthorised", "not-found", "conflict", "over-refund", "unknown-member"],
      example: {
        params: examples.byNumber,
        body: examples.newRefund,
        reply: examples.refundedOrder,
      },
      params: Api.ByNumber,
      body: Api.NewRefund,
      reply: Api.OrderRow,
      async handle({ certificate, params, body: { reference, amount } }) {
        const { merchant } = await merchants.identify(certificate);
        const { number } = params;
        return view(await refunds.ask(merchant, number, reference, parseMinorUnits(amount)));
      },
    }),
    call({
      method: "GET",
      path: "/v1/results",
      summary: "How many results wait to be told, and since when none was heard",
      refusals: ["unauthorised"],
      example: { reply: examples.parked },
      reply: Standing,
      async handle({ certificate }) {
        const { merchant } = await merchants.identify(certificate);
        return outbox.standing(receiverOf(merchant));
      },
    }),
    call({
      method: "POST",
      path: "/v1/results/resume",
      summary: "Has the results told that are kept since nothing is sent any more, in order",
      refusals: ["unauthorised", "not-found"],
      example: { reply: examples.resumed },
      reply: Standing,
      async handle({ certificate }) {
        const { merchant } = await merchants.identify(certificate);
        await outbox.resume(receiverOf(merchant));
        return outbox.standing(receiverOf(merchant));
      },
    }),
    call({
      method: "GET",
      path: "/v1/payouts/:day",
      summary: "What the merchant's account was credited with for orders of a day, one by one",
      refusals: ["unauthorised", "not-found"],
      example: { params: examples.byDay, reply: examples.payout },
      params: Api.ByDay,
      reply: Api.Payout,
      async handle({ certificate, params: { day } }) {
        const { merchant } = await merchants.identify(certificate);
        const number = dayNumber(day);
        const rows = await orders.ofDay(merchant, number);
        const credited = rows
          .filter(({ paid }) => Math.floor(paid!.time / DAY_MS) === number)
          .reduce((sum, row) => sum + BigInt(view(row).amount), 0n);
        const refunded = rows
          .flatMap((row) => row.refunds)
          .filter(({ state }) => state === "paid")
          .reduce((sum, { amount }) => sum + BigInt(amount), 0n);
        const totals = { credited: String(credited), refunded: String(refunded) };
        return { day, ...totals, orders: rows.map(view) };
      },
    }),
  ];
}

const DAY_MS = 86_400_000;

/** @throws Refusal `malformed` for a day that is in no calendar. */
function dayNumber(day: string): number {
  const time = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(time)) throw new Refusal("malformed", `${day} is no day`);
  return time / DAY_MS;
}
