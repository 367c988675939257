/**
 * What the bank's own people and systems ask about customers' online services: the counter, the terminals that
 * the bank stands behind, and the relay that brings codes back. On the staff's listener alone.
 */
import { Type } from "typebox";
import { call, type Route } from "../../node/service/route.ts";
import type { Accounts } from "../accounts.ts";
import { may } from "../staff/roles.ts";
import type { Invitations } from "./invitations.ts";
import type { Notices } from "./notices.ts";
import type { Payments } from "./payments.ts";
import * as Api from "./schema.ts";
import type { ServiceChanges } from "./service-changes.ts";
import type { Service, Services } from "./services.ts";
import { serviceView } from "./views.ts";

export type ServiceRoutesParts = {
  readonly accounts: Pick<Accounts, "balance">;
  readonly services: Services;
  readonly serviceChanges: ServiceChanges;
  readonly invitations: Invitations;
  readonly invitationLifeMs: number;
  readonly notices: Notices;
  readonly payments: Pick<Payments, "reply">;
};

export function serviceRoutes({
  accounts,
  services,
  serviceChanges,
  invitations,
  invitationLifeMs,
  notices,
  payments,
}: ServiceRoutesParts): Route[] {
  const rowOf = (service: Service, told?: number) => ({
    ...serviceView(service, told),
    customer: service.customer,
  });
  /** @throws Refusal `not-found`. */
  const checkAccounts = async (names: readonly string[]) => {
    await Promise.all(names.map((account) => accounts.balance(account)));
  };
  return [
    call({
      method: "POST",
      path: "/v1/online-services",
      summary: "Opens a customer's service for online payments, and tells the holder",
      roles: may.serve,
      refusals: ["not-found", "conflict", "busy"],
      body: Api.NewOnlineService,
      reply: Api.ServiceRow,
      status: 201,
      async handle({ body: { by, ...asked } }) {
        await checkAccounts(asked.accounts);
        const service = await services.add(asked, by);
        return rowOf(service, await notices.tell(service, "opened"));
      },
    }),
    call({
      method: "GET",
      path: "/v1/online-services",
      summary: "The service that an identity leads to",
      roles: may.seeCustomers,
      refusals: ["not-found"],
      query: Api.ByIdentity,
      reply: Api.ServiceRow,
      handle: async ({ query }) => rowOf(await services.find(query.identity)),
    }),
    call({
      method: "POST",
      path: "/v1/online-services/:service",
      summary: "Changes, unlocks or cancels a service for its holder, who is told",
      roles: may.serve,
      refusals: ["not-found", "conflict", "busy"],
      params: Api.ByService,
      body: Api.ChangeByStaff,
      reply: Api.ServiceRow,
      async handle({ params, body: { by, ...asked } }) {
        const { service, told } = await serviceChanges.make(params.service, asked, by);
        return rowOf(service, told);
      },
    }),
    call({
      method: "POST",
      path: "/v1/online-invitations",
      summary: "What a customer opens the service with over the network: once",
      roles: may.serve,
      refusals: ["not-found"],
      body: Api.NewInvitation,
      reply: Api.InvitationRow,
      status: 201,
      async handle({ body }) {
        await checkAccounts(body.accounts);
        const { text, expires } = await invitations.issue(body, invitationLifeMs);
        return { invitation: text, expires };
      },
    }),
    call({
      method: "POST",
      path: "/v1/relay/replies",
      summary: "A code that came back from a customer's terminal",
      roles: may.bringCodes,
      refusals: ["not-found", "conflict", "forbidden", "over-online-limit", "wrong-code"],
      body: Api.Reply,
      reply: Type.Object({ taken: Type.Literal(true) }),
      async handle({ body: { address, code } }) {
        await payments.reply(address, code);
        return { taken: true as const };
      },
    }),
  ];
}
