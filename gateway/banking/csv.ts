/** The same as rows for a spreadsheet (RFC 4180): one for each payment of a cycle, or booking of a day. */
import type { Currency } from "../../protocol/money.ts";
import type { BookedDay } from "./bookings.ts";
import type { BusinessCalendar } from "./business-calendar.ts";
import { type Cycle, endToEndId, institutionOf, type Parties } from "./cycle.ts";
import { decimalOf } from "./message-parts.ts";
import { netTransfers } from "./net-transfers.ts";

/** Of all members: whoever supervises the netting sees it whole. */
export function cycleCsv(cycle: Cycle, parties: Parties): string {
  const { currency } = parties;
  const bicOf = (member: number) => institutionOf(parties, member).bic;
  return table(
    ["cycle", "settled", "id", "debtor", "creditor", "amount", "currency"],
    netTransfers(cycle.positions).map((transfer) => [
      String(cycle.number),
      cycle.settlementDay ?? "",
      endToEndId(cycle, transfer),
      bicOf(transfer.debtor),
      bicOf(transfer.creditor),
      decimalOf(transfer.amount, currency),
      currency.code,
    ]),
  );
}

export function statementCsv(
  { account, opening, bookings }: BookedDay,
  calendar: BusinessCalendar,
  currency: Currency,
): string {
  let balance = opening;
  return table(
    ["account", "entry", "booked", "counts", "kind", "reference", "amount", "balance", "currency"],
    bookings.map(({ number, time, kind, reference, amount }) => {
      balance += amount;
      return [
        account,
        String(number),
        calendar.dateOf(time),
        calendar.businessDayOf(time),
        kind,
        reference,
        signed(amount, currency),
        signed(balance, currency),
        currency.code,
      ];
    }),
  );
}

function signed(amount: bigint, currency: Currency): string {
  return `${amount < 0n ? "-" : ""}${decimalOf(amount, currency)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
