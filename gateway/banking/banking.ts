/** The member's banking messages: of its settled cycles, and of its customers' accounts. */
import type { Currency } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { AccountId, Accounts } from "../accounts.ts";
import { checkBic } from "./bic.ts";
import { bookedDay, bookingsAfter } from "./bookings.ts";
import { BusinessCalendar, type Day, isDay } from "./business-calendar.ts";
import { CAMT053, camt053 } from "./camt053.ts";
import { CAMT054, camt054 } from "./camt054.ts";
import type { CamtParts } from "./camt-entries.ts";
import type { BankingConfig } from "./config.ts";
import { statementCsv } from "./csv.ts";
import { institutionOf, type Parties } from "./cycle.ts";
import { checkIban } from "./iban.ts";
import { checkLei } from "./lei.ts";
import type { Institution } from "./message-parts.ts";
import { SchemaCheck } from "./schema-check.ts";
import { SettledCycles, type SettledCyclesParts } from "./settled-cycles.ts";

export type BankingParts = Pick<SettledCyclesParts, "store" | "node" | "logger" | "everyMs"> & {
  readonly clock: () => number;
  readonly accounts: Pick<Accounts, "balance" | "statement">;
  readonly member: MemberId;
  readonly currency: Currency;
  /** 0x and 64 digits. */
  readonly networkId: string;
};

export class Banking {
  readonly cycles: SettledCycles;
  readonly parties: Parties;
  readonly #parts: BankingParts;
  readonly #camt: CamtParts;
  readonly #schemas: SchemaCheck | undefined;

  /** @throws Refusal `bad-configuration`. */
  constructor(parts: BankingParts, config: BankingConfig) {
    const { member, currency, networkId } = parts;
    const calendar = new BusinessCalendar(config.calendar);
    const institutions = config.members.map(checked);
    checkDistinct(institutions);
    const parties: Parties = { own: member, institutions, currency };
    const { schemas, folder } = config;
    this.#parts = parts;
    this.parties = parties;
    this.#schemas = schemas === undefined ? undefined : new SchemaCheck(schemas);
    this.#camt = { institution: institutionOf(parties, member), currency, calendar };
    this.cycles = new SettledCycles({
      ...parts,
      calendar,
      parties,
      network: networkId.slice(2, 10),
      schemas: this.#schemas,
      folder,
    });
  }

  start(): void {
    this.cycles.start();
  }

  async stop(): Promise<void> {
    await this.cycles.stop();
  }

  /** camt.053. @throws Refusal `not-found`; `malformed` for a day that is not over; `bad-configuration`. */
  async statement(account: AccountId, day: Day): Promise<string> {
    const message = await camt053(await this.#day(account, day), this.#camt);
    await this.#schemas?.check(CAMT053, message);
    return message;
  }

  /** @throws Refusal as `statement`. */
  async statementCsv(account: AccountId, day: Day): Promise<string> {
    const { calendar, currency } = this.#camt;
    return statementCsv(await this.#day(account, day), calendar, currency);
  }

  /** camt.054. @param after the last entry that is known already. @throws Refusal `not-found`, `bad-configuration`. */
  async notice(account: AccountId, after: number): Promise<string> {
    const bookings = await bookingsAfter(this.#parts.accounts, account, after);
    const message = camt054(account, bookings, this.#camt);
    await this.#schemas?.check(CAMT054, message);
    return message;
  }

  #day(account: AccountId, day: Day) {
    if (!isDay(day)) throw new Refusal("malformed", `"${day}" is not a day such as 2026-11-28`);
    const { accounts, clock } = this.#parts;
    return bookedDay(accounts, this.#camt.calendar, account, day, clock());
  }
}

/** A member named twice would be paid under whichever name comes first. */
function checkDistinct(institutions: readonly Institution[]): void {
  const seen = new Set<string>();
  for (const { member, bic } of institutions) {
    for (const name of [`member ${member}`, bic]) {
      if (seen.has(name))
        throw new Refusal("bad-configuration", `banking.members has ${name} twice`);
      seen.add(name);
    }
  }
}

function checked(institution: BankingConfig["members"][number]): Institution {
  const { bic, lei, iban } = institution;
  checkBic(bic);
  if (lei !== undefined) checkLei(lei);
  if (iban !== undefined) checkIban(iban);
  return institution;
}
