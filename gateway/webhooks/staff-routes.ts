/** What the staff asks about webhooks: what nobody heard, and to have it sent again. */
import { Type } from "typebox";
import { call, type Route } from "../../node/service/route.ts";
import { may } from "../staff/roles.ts";
import type { Outbox } from "./outbox.ts";
import * as Api from "./schema.ts";

export type WebhookRoutesParts = {
  readonly outbox: Outbox;
};

const dead = {
  number: 17,
  to: "merchant:kiosk",
  about: "0x7c9f1e44b0a35d6288c2e0f17a9b3d54",
  since: 1_800_000_000_000,
  tries: 84,
  dead: 1_800_259_200_000,
} as const;

export function webhookRoutes({ outbox }: WebhookRoutesParts): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/webhooks/dead",
      summary: "What receivers did not hear for three days: kept for thirty",
      roles: may.seeWorkings,
      refusals: [],
      example: { reply: [dead] },
      reply: Type.Array(Api.DeadRow),
      handle: () => outbox.dead().map(({ dead: since, ...row }) => ({ ...row, dead: since! })),
    }),
    call({
      method: "POST",
      path: "/v1/webhooks/dead/:number",
      summary: "Sends it again, for as long as the first time",
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
