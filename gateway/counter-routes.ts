/** The counter of a bank whose accounts are embedded: accounts are opened, money comes in and goes out, and the books. */
import { Type } from "typebox";
import { parseMinorUnits } from "../protocol/money.ts";
import { call, type Route } from "../node/service/route.ts";
import { accountRow } from "./account-row.ts";
import type { Devices } from "./devices.ts";
import type { EmbeddedAccounts } from "./embedded-accounts.ts";
import * as examples from "./examples.ts";
import * as Api from "./schema.ts";
import { may } from "./staff/roles.ts";

export type CounterRoutesParts = {
  readonly accounts: EmbeddedAccounts;
  readonly devices: Pick<Devices, "of">;
};

const byAccount = Type.Object({ account: Api.AccountName });

export function counterRoutes(parts: CounterRoutesParts): Route[] {
  const { accounts } = parts;
  const rowOf = (account: string) => accountRow(parts, account);
  return [
    call({
      method: "POST",
      path: "/v1/accounts",
      summary: "Opens an account; again, it is the same",
      roles: may.serve,
      refusals: ["conflict"],
      example: { body: examples.newAccount, reply: examples.accountRow },
      body: Api.NewAccount,
      reply: Api.AccountRow,
      async handle({ body: { account, customer } }) {
        await accounts.openAccount(account, customer);
        return rowOf(account);
      },
    }),
    call({
      method: "GET",
      path: "/v1/accounts",
      summary: "Accounts, ascending",
      roles: may.seeCustomers,
      refusals: [],
      example: { query: examples.firstPage, reply: [examples.accountRow] },
      query: Api.Page(Api.AccountName),
      reply: Type.Array(Api.AccountRow),
      async handle({ query: { after, limit } }) {
        const page = await accounts.accounts(limit, after);
        return Promise.all(page.map(({ account }) => rowOf(account)));
      },
    }),
    call({
      method: "POST",
      path: "/v1/accounts/:account/deposits",
      summary: "Money that came in at the counter",
      roles: may.serve,
      refusals: ["not-found", "conflict"],
      example: { params: examples.account, body: examples.newDeposit, reply: examples.accountRow },
      params: byAccount,
      body: Api.NewDeposit,
      reply: Api.AccountRow,
      async handle({ params: { account }, body }) {
        await accounts.deposit(account, parseMinorUnits(body.amount), `deposit:${body.reference}`);
        return rowOf(account);
      },
    }),
    call({
      method: "POST",
      path: "/v1/accounts/:account/withdrawals",
      summary: "Money that goes out at the counter",
      roles: may.serve,
      refusals: ["not-found", "conflict", "insufficient-funds"],
      example: {
        params: examples.account,
        body: examples.newWithdrawal,
        reply: examples.accountRow,
      },
      params: byAccount,
      body: Api.NewDeposit,
      reply: Api.AccountRow,
      async handle({ params: { account }, body }) {
        await accounts.withdraw(
          account,
          parseMinorUnits(body.amount),
          `withdrawal:${body.reference}`,
        );
        return rowOf(account);
      },
    }),
    call({
      method: "GET",
      path: "/v1/books",
      summary: "What the bank's books hold together",
      roles: may.seeBooks,
      refusals: [],
      example: { reply: examples.books },
      reply: Api.Books,
      async handle() {
        const { cash, settlement, bond, losses, available, held, onDevices, total } =
          await accounts.trialBalance();
        return {
          cash: String(cash),
          settlement: String(settlement),
          bond: String(bond),
          losses: String(losses),
          available: String(available),
          held: String(held),
          onDevices: String(onDevices),
          total: String(total),
        };
      },
    }),
  ];
}
