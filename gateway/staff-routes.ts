/** What the bank's own people and systems ask of the gateway: accounts, devices, the vault. */
import { Type } from "typebox";
import { utf8 } from "../protocol/bytes.ts";
import { limits } from "../protocol/limits.ts";
import { Refusal } from "../protocol/refusal.ts";
import { NOBODY } from "../protocol/key.ts";
import { parseMinorUnits } from "../protocol/money.ts";
import { lock, type MemberId } from "../protocol/output.ts";
import { recordId } from "../protocol/record.ts";
import { call, type Route } from "../node/service/route.ts";
import { accountRow } from "./account-row.ts";
import type { Accounts } from "./accounts.ts";
import { auditRoutes, type AuditRoutesParts } from "./audit-routes.ts";
import type { Banking } from "./banking/banking.ts";
import { bankingRoutes } from "./banking/routes.ts";
import { sumOf } from "./coin-picking.ts";
import { counterRoutes } from "./counter-routes.ts";
import type { Credentials } from "./credentials.ts";
import type { Devices } from "./devices.ts";
import { deviceRoutes, type DeviceRoutesParts } from "./device-routes.ts";
import type { EmbeddedAccounts } from "./embedded-accounts.ts";
import * as examples from "./examples.ts";
import type { Intake } from "./intake.ts";
import type { Loads } from "./loads.ts";
import { whileNodeAnswers } from "./node-watch.ts";
import { paymentRoutes } from "./payment-routes.ts";
import type { PaymentSearchParts } from "./payment-search.ts";
import * as Api from "./schema.ts";
import { may } from "./staff/roles.ts";
import { secondFactorRoutes, type SecondFactorRoutesParts } from "./second-factor-routes.ts";
import type { Vault } from "./vault.ts";

export type StaffRoutesParts = DeviceRoutesParts &
  AuditRoutesParts &
  SecondFactorRoutesParts &
  Pick<PaymentSearchParts, "node"> & {
    readonly networkId: Uint8Array;
    readonly member: MemberId;
    readonly accounts: Accounts;
    /** Absent where a core system keeps the accounts: it opens them, and has a counter and books of its own. */
    readonly embedded: EmbeddedAccounts | undefined;
    readonly credentials: Credentials;
    readonly credentialLifeMs: number;
    readonly devices: Devices;
    readonly vault: Vault;
    readonly intake: Intake;
    readonly loads: Loads;
    /** Absent where the configuration says nothing of it. */
    readonly banking: Banking | undefined;
  };

const byAccount = Type.Object({ account: Api.AccountName });
const STATEMENT_MAX = 1000;

export function staffRoutes(parts: StaffRoutesParts): Route[] {
  const { embedded, devices, banking } = parts;
  const counter = embedded === undefined ? [] : counterRoutes({ accounts: embedded, devices });
  return [
    ...counter,
    ...accountRoutes(parts),
    ...deviceRoutes(parts),
    ...secondFactorRoutes(parts),
    ...paymentRoutes(parts),
    ...bankRoutes(parts),
    ...auditRoutes(parts),
    ...(banking === undefined ? [] : bankingRoutes(banking)),
  ];
}

function accountRoutes({
  accounts,
  credentials,
  credentialLifeMs,
  devices,
  closings,
}: StaffRoutesParts): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/accounts/:account",
      summary: "An account and its balance",
      roles: may.seeCustomers,
      refusals: ["not-found"],
      example: { params: examples.account, reply: examples.accountRow },
      params: byAccount,
      reply: Api.AccountRow,
      handle: ({ params }) => accountRow({ accounts, devices }, params.account),
    }),
    call({
      method: "POST",
      path: "/v1/accounts/:account/credentials",
      summary: "A credential with which the customer enrols one device",
      roles: may.serve,
      refusals: ["not-found", "conflict"],
      example: { params: examples.account, query: examples.credentialFor, reply: examples.issued },
      params: byAccount,
      query: Api.CredentialFor,
      reply: Api.Credential,
      status: 201,
      async handle({ params, query }) {
        const { account, customer, isClosed } = await accounts.account(params.account);
        if (isClosed) throw new Refusal("conflict", `account ${account} is closed`);
        const label = labelOf(query);
        const holder = { account, customer, class: query.class, label };
        const { text, expires } = await credentials.issue(holder, credentialLifeMs);
        return { credential: text, expires, label };
      },
    }),
    call({
      method: "POST",
      path: "/v1/accounts/:account/close",
      summary: "Closes an account: its devices are closed, all their money is back and paid out",
      roles: may.serve,
      refusals: ["not-found", "conflict", "busy"],
      example: { params: examples.account, reply: examples.closedAccount },
      params: byAccount,
      reply: Api.AccountRow,
      async handle({ params: { account } }) {
        await whileNodeAnswers(() => closings.closeAccount(account));
        return accountRow({ accounts, devices }, account);
      },
    }),
    call({
      method: "GET",
      path: "/v1/accounts/:account/statement",
      summary: "What happened in an account, the latest first",
      roles: may.seeCustomers,
      refusals: ["not-found"],
      example: { params: examples.account, query: examples.firstPage, reply: [examples.entry] },
      params: byAccount,
      query: Type.Object({
        limit: Type.Integer({ minimum: 1, maximum: STATEMENT_MAX, default: 100 }),
        before: Type.Optional(Type.Integer({ minimum: 1, description: "Numbers below it" })),
      }),
      reply: Type.Array(Api.EntryRow),
      async handle({ params, query }) {
        const entries = await accounts.statement(params.account, query.limit, query.before);
        return entries.map((entry) => ({
          ...entry,
          available: String(entry.available),
          held: String(entry.held),
          onDevices: String(entry.onDevices),
        }));
      },
    }),
  ];
}

/** The name, and where it stands, as certificates have it. @throws Refusal `malformed`. */
function labelOf({ label, place }: { label: string; place?: string }): string {
  const whole = [label, place].filter((part) => part !== undefined && part !== "").join(" ");
  if (utf8.encode(whole).length <= limits.labelMax) return whole;
  throw new Refusal("malformed", `"${whole}" has more than ${limits.labelMax} bytes`);
}

function bankRoutes({ networkId, member, vault, intake, loads }: StaffRoutesParts): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/vault",
      summary: "What the vault can spend",
      roles: may.seeWorkings,
      refusals: ["busy"],
      example: { reply: examples.vaultRow },
      reply: Api.VaultRow,
      async handle() {
        const coins = await whileNodeAnswers(() => vault.coins());
        const { owner, spending } = vault;
        return { owner, amount: String(sumOf(coins)), coins: coins.length, spending };
      },
    }),
    call({
      method: "POST",
      path: "/v1/vault/merge",
      summary: "Makes one coin of the vault's smallest, at most 16",
      roles: may.run,
      refusals: ["busy"],
      example: { reply: examples.ofRecord },
      reply: Api.Merge,
      async handle() {
        const record = await whileNodeAnswers(() => vault.merge());
        return { record: record === undefined ? null : recordId(networkId, record.body) };
      },
    }),
    call({
      method: "POST",
      path: "/v1/vault/burns",
      summary:
        "Takes money off the ledger: once its cycle has settled, the operator withdraws as much",
      roles: may.run,
      refusals: ["insufficient-funds", "too-many-coins", "busy"],
      example: { body: examples.newBurn, reply: examples.ofRecord },
      body: Api.NewBurn,
      reply: Api.Burn,
      status: 201,
      async handle({ body }) {
        const amount = parseMinorUnits(body.amount);
        const burn = { lock: lock.burn, owner: NOBODY, custodian: member, amount };
        const record = await vault.pay([burn], () => []);
        return { record: recordId(networkId, record.body) };
      },
    }),
    call({
      method: "GET",
      path: "/v1/intake",
      summary: "What waits for the ledger",
      roles: may.seeWorkings,
      refusals: [],
      example: { reply: examples.intakeRow },
      reply: Api.IntakeRow,
      handle: () => ({ leaves: intake.size, bytes: intake.sizeBytes, loads: loads.open }),
    }),
  ];
}
