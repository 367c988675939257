/**
 * What customers' pages ask: to pay an order, and to look after their own service. Anyone may ask: what counts
 * is the password, then the payment's token, then the code.
 */
import { Type } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import type { Currency } from "../../protocol/money.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { call, type Route } from "../../node/service/route.ts";
import type { Invitations } from "./invitations.ts";
import type { Notices } from "./notices.ts";
import type { Payments } from "./payments.ts";
import * as Api from "./schema.ts";
import type { ServiceChanges } from "./service-changes.ts";
import type { Services } from "./services.ts";
import { orderView, paymentView, serviceView } from "./views.ts";

export type CustomerRoutesParts = {
  readonly payments: Payments;
  readonly services: Services;
  readonly serviceChanges: ServiceChanges;
  readonly invitations: Invitations;
  readonly notices: Notices;
  readonly currency: Currency;
  /** Where else the order can be paid: each bank by its own page. */
  readonly banks: () => readonly Api.BankRow[];
};

const ofOrders = [
  "unknown-member",
  "bad-signature",
  "unsupported-version",
  "unknown-recipient",
  "expired",
] as const;
const ofPassword = ["wrong-credentials", "busy"] as const;

export function customerRoutes(parts: CustomerRoutesParts): Route[] {
  return [...paymentRoutes(parts), ...ownServiceRoutes(parts)];
}

function paymentRoutes({ payments, currency, banks }: CustomerRoutesParts): Route[] {
  const bodyMaxBytes = Api.BODY_MAX;
  return [
    call({
      method: "POST",
      path: "/v1/pay/orders",
      summary: "What an order is for, if it is a member's word",
      refusals: ofOrders,
      body: Api.ByOrder,
      reply: Api.OrderView,
      bodyMaxBytes,
      handle: ({ body }) => orderView(payments.order(body.order), currency),
    }),
    call({
      method: "GET",
      path: "/v1/pay/banks",
      summary: "The banks whose customers can pay an order, each by its own page",
      refusals: [],
      reply: Type.Array(Api.BankRow),
      handle: () => [...banks()],
    }),
    call({
      method: "POST",
      path: "/v1/pay/payments",
      summary: "Begins a payment, for whoever knows the password",
      refusals: [...ofOrders, ...ofPassword, "conflict"],
      body: Api.Beginning,
      reply: Api.Begun,
      status: 201,
      bodyMaxBytes,
      async handle({ body: { order, identity, password } }) {
        const begun = await payments.begin(order, identity, password);
        return { ...paymentView(begun, currency), token: begun.token };
      },
    }),
    call({
      method: "POST",
      path: "/v1/pay/payments/:id",
      summary: "How a payment stands",
      refusals: ["not-found"],
      params: Api.PaymentName,
      body: Api.ByToken,
      reply: Api.PaymentView,
      bodyMaxBytes,
      async handle({ params, body }) {
        return paymentView(await payments.get(params.id as Hex, body.token as Hex), currency);
      },
    }),
    call({
      method: "POST",
      path: "/v1/pay/payments/:id/code",
      summary: "Sends a code to the terminal that the customer chooses",
      refusals: [
        "not-found",
        "conflict",
        "forbidden",
        "over-online-limit",
        "wrong-code",
        "unavailable",
      ],
      params: Api.PaymentName,
      body: Api.Chosen,
      reply: Api.PaymentView,
      bodyMaxBytes,
      async handle({ params, body: { token, designated, terminal, ...choice } }) {
        const to = designated ?? terminal;
        if (to === undefined) throw new Refusal("malformed", "body names no terminal");
        return paymentView(
          await payments.sendCode(params.id as Hex, token as Hex, { ...choice, terminal: to }),
          currency,
        );
      },
    }),
    call({
      method: "POST",
      path: "/v1/pay/payments/:id/authorization",
      summary: "The code as the customer typed it: the right one pays",
      refusals: ["not-found", "conflict", "forbidden", "over-online-limit", "wrong-code"],
      params: Api.PaymentName,
      body: Api.Entered,
      reply: Api.PaymentView,
      bodyMaxBytes,
      async handle({ params, body: { token, code } }) {
        return paymentView(
          await payments.authorize(params.id as Hex, token as Hex, code),
          currency,
        );
      },
    }),
    call({
      method: "POST",
      path: "/v1/pay/payments/:id/cancellation",
      summary: "Lets a payment be that is not authorized",
      refusals: ["not-found", "conflict"],
      params: Api.PaymentName,
      body: Api.ByToken,
      bodyMaxBytes,
      async handle({ params, body }) {
        await payments.cancel(params.id as Hex, body.token as Hex);
        return undefined;
      },
    }),
  ];
}

function ownServiceRoutes({
  services,
  serviceChanges,
  invitations,
  notices,
}: CustomerRoutesParts): Route[] {
  const bodyMaxBytes = Api.BODY_MAX;
  return [
    call({
      method: "POST",
      path: "/v1/pay/services",
      summary: "Opens the service over the network, with what the bank has handed over",
      refusals: [...ofPassword, "conflict"],
      body: Api.OpenedByInvitation,
      reply: Api.ServiceView,
      status: 201,
      bodyMaxBytes,
      async handle({ body: { invitation, ...asked } }) {
        const { invited, change } = await invitations.use(invitation);
        const service = await services.add({ ...invited, ...asked }, "network", [change]);
        return serviceView(service, await notices.tell(service, "opened"));
      },
    }),
    call({
      method: "POST",
      path: "/v1/pay/service",
      summary: "Shows the customer's own service, and changes or cancels it",
      refusals: [...ofPassword, "conflict"],
      body: Api.ChangeByCustomer,
      reply: Api.ServiceView,
      bodyMaxBytes,
      async handle({ body: { identity, password, ...asked } }) {
        const service = await services.authenticate(identity, password);
        if (Object.keys(asked).length === 0) return serviceView(service);
        const made = await serviceChanges.make(service.id, asked, "network");
        return serviceView(made.service, made.told);
      },
    }),
  ];
}
