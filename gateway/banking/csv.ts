/** The same as rows for a spreadsheet (RFC 4180): one for each payment of a cycle, or booking of a day. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Currency } from "../../protocol/money.ts";
import type { BookedDay } from "./bookings.ts";
import type { BusinessCalendar } from "./business-calendar.ts";
import { type Cycle, endToEndId, institutionOf, type Parties } from "./cycle.ts";
import { decimalOf } from "./message-parts.ts";
import { netTransfers } from "./net-transfers.ts";

/** Rows that are written at a stretch: some milliseconds. */
const SLICE = 1_000;

const POSITIONS = ["cycle", "settled", "id", "debtor", "creditor", "amount", "currency"];
const STATEMENT = [
  "account",
  "entry",
  "booked",
  "counts",
  "kind",
  "reference",
  "amount",
  "balance",
  "currency",
];

/** Of all members: whoever supervises the netting sees it whole. */
export function cycleCsv(cycle: Cycle, parties: Parties): string {
  const { currency } = parties;
  const bicOf = (member: number) => institutionOf(parties, member).bic;
  const rows = netTransfers(cycle.positions).map((transfer) => [
    String(cycle.number),
    cycle.settlementDay ?? "",
    endToEndId(cycle, transfer),
    bicOf(transfer.debtor),
    bicOf(transfer.creditor),
    decimalOf(transfer.amount, currency),
    currency.code,
  ]);
  return lines([POSITIONS, ...rows]);
}

/** A busy account has a hundred thousand rows: others have their turn meanwhile. */
export async function statementCsv(
  { account, opening, bookings }: BookedDay,
  calendar: BusinessCalendar,
  currency: Currency,
): Promise<string> {
  let balance = opening;
  const rowOf = ({ number, time, kind, reference, amount }: BookedDay["bookings"][number]) => {
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
  };
  const pieces = [lines([STATEMENT])];
  for (let from = 0; from < bookings.length; from += SLICE) {
    pieces.push(lines(bookings.slice(from, from + SLICE).map(rowOf)));
    await nextTurn();
  }
  return pieces.join("");
}

function signed(amount: bigint, currency: Currency): string {
  return `${amount < 0n ? "-" : ""}${decimalOf(amount, currency)}`;
}

function lines(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
