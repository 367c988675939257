/** What whoever audits the bank asks of the gateway: whether the accounts tie out. */
import { call, type Route } from "../node/service/route.ts";
import * as examples from "./examples.ts";
import { whileNodeAnswers } from "./node-watch.ts";
import * as Api from "./schema.ts";
import { may } from "./staff/roles.ts";
import type { TieOut } from "./tie-out.ts";

export type AuditRoutesParts = { readonly tieOut: TieOut };

/** A bank with many customers has many entries to read. */
const TIMEOUT_MS = 600_000;

export function auditRoutes({ tieOut }: AuditRoutesParts): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/tie-out",
      summary:
        "Adds all accounts up anew, from their entries and from the ledger, and names what differs",
      roles: may.seeBooks,
      refusals: ["busy"],
      example: { reply: examples.tieOut },
      reply: Api.TieOut,
      timeoutMs: TIMEOUT_MS,
      async handle() {
        const { differences, ...counts } = await whileNodeAnswers(() => tieOut.run());
        return {
          ...counts,
          differences: differences.map(({ expected, found, ...place }) => ({
            ...place,
            expected: String(expected),
            found: String(found),
          })),
        };
      },
    }),
  ];
}
