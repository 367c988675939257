/** What the bank's own people ask about merchants: to register them, and the certificates that they show. */
import { Type } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { call, type Route } from "../../node/service/route.ts";
import type { Accounts } from "../accounts.ts";
import { may } from "../staff/roles.ts";
import * as examples from "./examples.ts";
import type { Merchants } from "./merchants.ts";
import * as Api from "./schema.ts";

export type MerchantStaffRoutesParts = {
  readonly accounts: Pick<Accounts, "balance">;
  readonly merchants: Merchants;
};

export function merchantStaffRoutes({ accounts, merchants }: MerchantStaffRoutesParts): Route[] {
  return [
    call({
      method: "POST",
      path: "/v1/merchants",
      summary: "Registers a merchant, or changes what is known of it",
      roles: may.serve,
      refusals: ["not-found"],
      example: { body: examples.newMerchant, reply: examples.merchantRow },
      body: Api.NewMerchant,
      reply: Api.MerchantRow,
      async handle({ body }) {
        if (utf8.encode(body.label).length > limits.labelMax) {
          throw new Refusal("malformed", `body.label has more than ${limits.labelMax} bytes`);
        }
        // The account is there, so that what comes in can be credited.
        await accounts.balance(body.account);
        return { ...(await merchants.register(body)) };
      },
    }),
    call({
      method: "GET",
      path: "/v1/merchants",
      summary: "The merchants, by name",
      roles: may.seeCustomers,
      refusals: [],
      example: { reply: [examples.merchantRow] },
      reply: Type.Array(Api.MerchantRow),
      handle: async () => (await merchants.all()).map((merchant) => ({ ...merchant })),
    }),
    call({
      method: "POST",
      path: "/v1/merchants/:merchant/certificates",
      summary: "Lets a merchant in that shows this certificate",
      roles: may.serve,
      refusals: ["not-found", "conflict"],
      example: {
        params: examples.byMerchant,
        body: examples.newCertificate,
        reply: examples.merchantRow,
      },
      params: Api.ByMerchant,
      body: Api.NewCertificate,
      reply: Api.MerchantRow,
      handle: async ({ params, body }) => ({
        ...(await merchants.addCertificate(params.merchant, body.certificate)),
      }),
    }),
    call({
      method: "DELETE",
      path: "/v1/merchants/:merchant/certificates/:fingerprint",
      summary: "Shuts out whoever shows this certificate",
      roles: may.serve,
      refusals: ["not-found"],
      example: {
        params: examples.byFingerprint,
        reply: { ...examples.merchantRow, certificates: [] },
      },
      params: Api.ByFingerprint,
      reply: Api.MerchantRow,
      handle: async ({ params }) => ({
        ...(await merchants.removeCertificate(params.merchant, params.fingerprint as Hex)),
      }),
    }),
  ];
}
