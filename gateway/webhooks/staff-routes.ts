/** What the staff asks about webhooks: who is told, who does not hear, what nobody heard, and to have it sent again. */
import { Type } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import { call, type Route } from "../../node/service/route.ts";
import { firstPage } from "../examples.ts";
import { Page } from "../schema.ts";
import { may } from "../staff/roles.ts";
import type { Outbox } from "./outbox.ts";
import * as Api from "./schema.ts";
import type { Subscription, Subscriptions } from "./subscriptions.ts";

export type WebhookRoutesParts = {
  readonly outbox: Outbox;
  readonly subscriptions: Subscriptions;
};

const url = "https://core.bank.example/hooks/tallystick";
const subscription = {
  id: "0x5d0c9be2f1a34786b0e1d2c3f4a59687",
  url,
  kinds: ["load", "redemption"] as ("load" | "redemption")[],
  created: 1_800_000_000_000,
};

const dead = {
  number: 17,
  to: "merchant:kiosk",
  about: "0x7c9f1e44b0a35d6288c2e0f17a9b3d54",
  since: 1_800_000_000_000,
  tries: 84,
  dead: 1_800_259_200_000,
} as const;

const unheard = {
  to: "merchant:kiosk",
  waiting: 40,
  failing: 1_800_000_000_000,
  parked: 1_800_259_200_000,
  dropped: 0,
} as const;

export function webhookRoutes({ outbox, subscriptions }: WebhookRoutesParts): Route[] {
  return [
    call({
      method: "POST",
      path: "/v1/webhooks",
      summary: "Has a system of the bank's told of events, signed, in order, from now on",
      roles: may.run,
      refusals: ["busy"],
      example: { body: { url, kinds: ["load", "redemption"] }, reply: subscription },
      body: Api.NewSubscription,
      reply: Api.SubscriptionRow,
      status: 201,
      handle: async ({ body }) => rowOf(await subscriptions.add(body.url, body.kinds)),
    }),
    call({
      method: "GET",
      path: "/v1/webhooks",
      summary: "Who is told of events",
      roles: may.seeWorkings,
      refusals: [],
      example: { reply: [subscription] },
      reply: Type.Array(Api.SubscriptionRow),
      handle: () => subscriptions.all().map(rowOf),
    }),
    call({
      method: "DELETE",
      path: "/v1/webhooks/:id",
      summary: "Tells it nothing more, not even what it has not heard yet",
      roles: may.run,
      refusals: ["not-found"],
      example: { params: { id: subscription.id } },
      params: Api.BySubscription,
      async handle({ params }) {
        const id = params.id as Hex;
        // What is kept for one that is parked would be nobody's.
        if (outbox.standing(id).parked !== undefined) await outbox.resume(id);
        await subscriptions.remove(id);
        return undefined;
      },
    }),
    call({
      method: "GET",
      path: "/v1/webhooks/unheard",
      summary: "Receivers that hear nothing, merchants too, and which of them are parked",
      roles: may.seeWorkings,
      refusals: [],
      example: { query: firstPage, reply: [unheard] },
      query: Page(Api.Receiver),
      reply: Type.Array(Api.UnheardRow),
      handle: ({ query }) => outbox.unheard(query),
    }),
    call({
      method: "POST",
      path: "/v1/webhooks/unheard/:receiver/resume",
      summary: "Tells one that was parked all that is kept for it, in order",
      roles: may.run,
      refusals: ["not-found"],
      example: { params: { receiver: unheard.to } },
      params: Api.ByReceiver,
      async handle({ params }) {
        await outbox.resume(params.receiver);
        return undefined;
      },
    }),
    call({
      method: "GET",
      path: "/v1/webhooks/dead",
      summary:
        "What receivers did not hear though they heard what came after: kept for thirty days",
      roles: may.seeWorkings,
      refusals: [],
      example: { query: firstPage, reply: [dead] },
      query: Page(Api.NoticeNumber),
      reply: Type.Array(Api.DeadRow),
      handle: ({ query }) => outbox.dead(query),
    }),
    call({
      method: "POST",
      path: "/v1/webhooks/dead/:number",
      summary: "Sends it again, as at first",
      roles: may.run,
      refusals: ["not-found"],
      example: { params: { number: dead.number } },
      params: Api.ByNumber,
      async handle({ params }) {
        await outbox.sendAgain(params.number);
        return undefined;
      },
    }),
  ];
}

function rowOf({ kinds, ...row }: Subscription) {
  return { ...row, kinds: [...kinds] };
}
