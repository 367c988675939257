/** What camt.053 and camt.054 have in common: the account, and an entry for each booking. */
import type { Currency } from "../../protocol/money.ts";
import type { EntryKind } from "../accounts.ts";
import type { Booking } from "./bookings.ts";
import type { BusinessCalendar } from "./business-calendar.ts";
import { accountIdOf, agentOf, amountOf, idOf, type Institution, signOf } from "./message-parts.ts";
import type { Element } from "./xml.ts";

export type CamtParts = {
  /** Which keeps the account. */
  readonly institution: Institution;
  readonly currency: Currency;
  readonly calendar: BusinessCalendar;
};

const TEXT_MAX = 500;

/** Statements and notices are one page each. */
export const ONE_PAGE: Element = { PgNb: "1", LastPgInd: "true" };

/**
 * What happened, in ISO 20022's external codes: domain payments, and of it cash at the counter, or else other
 * credits and debits, since there is no code yet for money on devices. The kind itself stands beside.
 */
const codes: Readonly<Partial<Record<EntryKind, readonly [family: string, subFamily: string]>>> = {
  deposit: ["CNTR", "CDPT"],
  withdrawal: ["CNTR", "CWDL"],
};

export function accountOf(account: string, { institution, currency }: CamtParts): Element {
  return { ...accountIdOf(account), Ccy: currency.code, Svcr: agentOf(institution) };
}

/** It counts from the business day of its time on. */
export function entryOf(booking: Booking, { currency, calendar }: CamtParts): Element {
  const { number, time, kind, reference, amount } = booking;
  return {
    NtryRef: String(number),
    Amt: amountOf(amount, currency),
    CdtDbtInd: signOf(amount),
    Sts: { Cd: "BOOK" },
    BookgDt: { Dt: calendar.dateOf(time) },
    ValDt: { Dt: calendar.businessDayOf(time) },
    AcctSvcrRef: idOf("entry", number),
    BkTxCd: codeOf(kind, amount),
    AddtlNtryInf: textOf(reference),
  };
}

/** Each is made when it is asked for. */
export function* entriesOf(bookings: readonly Booking[], parts: CamtParts): Generator<Element> {
  for (const booking of bookings) yield entryOf(booking, parts);
}

/** As much of a reference as there is room for: a core system gives its own bookings what it likes. */
function textOf(reference: string): string | undefined {
  return reference === "" ? undefined : Array.from(reference).slice(0, TEXT_MAX).join("");
}

function codeOf(kind: EntryKind, amount: bigint): Element {
  const [Cd, SubFmlyCd] = codes[kind] ?? [amount < 0n ? "MDOP" : "MCOP", "OTHR"];
  return {
    Domn: { Cd: "PMNT", Fmly: { Cd, SubFmlyCd } },
    Prtry: { Cd: kind, Issr: "TALLYSTICK" },
  };
}
