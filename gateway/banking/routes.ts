/** What the bank's other systems fetch: messages of cycles and of accounts. */
import { type Static, Type } from "typebox";
import { utf8 } from "../../protocol/bytes.ts";
import { call, type Raw, type Route } from "../../node/service/route.ts";
import * as examples from "../examples.ts";
import { AccountName } from "../schema.ts";
import { may } from "../staff/roles.ts";
import type { Banking } from "./banking.ts";
import { ownTransfers } from "./cycle.ts";

const xml: Raw = { contentType: "application/xml; charset=utf-8" };
const csv: Raw = { contentType: "text/csv; charset=utf-8" };

const byCycle = Type.Object({ number: Type.Integer({ minimum: 1, description: "The cycle" }) });
const byAccount = Type.Object({ account: AccountName });
const ofDay = Type.Object({
  day: Type.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description: "One that is over" }),
});

const CycleRow = Type.Object({
  number: Type.Integer({ description: "The cycle" }),
  closed: Type.Integer({ description: "When, by the chain's clock, in milliseconds" }),
  settled: Type.Optional(
    Type.Integer({ description: "When, by the chain's clock, in milliseconds" }),
  ),
  settlementDay: Type.Optional(Type.String({ description: "The business day it counts on" })),
  payments: Type.Integer({ description: "How many the member makes for it" }),
});
export type CycleRow = Static<typeof CycleRow>;

export function bankingRoutes(banking: Banking): Route[] {
  const { cycles } = banking;
  return [
    call({
      method: "GET",
      path: "/v1/banking/cycles",
      summary: "Cycles that have closed, ascending",
      roles: may.seeBooks,
      refusals: [],
      example: { query: { limit: 100 }, reply: [examples.cycle] },
      query: Type.Object({
        after: Type.Optional(Type.Integer({ minimum: 0, description: "Numbers above it" })),
        limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
      }),
      reply: Type.Array(CycleRow),
      handle: ({ query: { after = 0, limit } }) =>
        Array.fromAsync(cycles.all({ after, limit }), (cycle) => ({
          ...cycle,
          payments: ownTransfers(cycle, banking.parties).length,
        })),
    }),
    ofCycle("pacs.009", "What the member pays for a settled cycle's net positions", xml, (number) =>
      cycles.pacs009(number),
    ),
    ofCycle("pacs.002", "How far the member's payments for a cycle are", xml, (number) =>
      cycles.pacs002(number),
    ),
    ofCycle("payments.csv", "All members' payments for a cycle, as rows", csv, (number) =>
      cycles.csv(number),
    ),
    ofAccount("camt.053", "The statement of an account for a day", xml, (account, day) =>
      banking.statement(account, day),
    ),
    ofAccount(
      "statement.csv",
      "What was booked in an account on a day, as rows",
      csv,
      (account, day) => banking.statementCsv(account, day),
    ),
    call({
      method: "GET",
      path: "/v1/banking/accounts/:account/camt.054",
      summary: "A notice of what was booked in an account after an entry",
      roles: may.seeCustomers,
      refusals: ["not-found", "too-large", "bad-configuration"],
      example: { params: examples.account, query: { after: 12 } },
      params: byAccount,
      query: Type.Object({
        after: Type.Integer({
          minimum: 0,
          default: 0,
          description: "The last entry known already",
        }),
      }),
      reply: xml,
      handle: async ({ params, query }) =>
        utf8.encode(await banking.notice(params.account, query.after)),
    }),
  ];
}

function ofCycle(
  name: string,
  summary: string,
  reply: Raw,
  make: (number: number) => Promise<string>,
): Route {
  return call({
    method: "GET",
    path: `/v1/banking/cycles/:number/${name}`,
    summary,
    roles: may.seeBooks,
    refusals: ["not-found", "too-large", "bad-configuration"],
    example: { params: { number: examples.cycle.number } },
    params: byCycle,
    reply,
    handle: async ({ params }) => utf8.encode(await make(params.number)),
  });
}

function ofAccount(
  name: string,
  summary: string,
  reply: Raw,
  make: (account: string, day: string) => Promise<string>,
): Route {
  return call({
    method: "GET",
    path: `/v1/banking/accounts/:account/${name}`,
    summary,
    roles: may.seeCustomers,
    refusals: ["not-found", "malformed", "too-large", "bad-configuration"],
    example: { params: examples.account, query: { day: "2026-11-27" } },
    params: byAccount,
    query: ofDay,
    reply,
    handle: async ({ params, query }) => utf8.encode(await make(params.account, query.day)),
  });
}
