/** What a till shows, in words for the person behind the counter. */
import type { HistoryEntry } from "../../device/history.ts";
import type { SyncReport } from "../../device/sync.ts";
import type { Amount } from "../../protocol/money.ts";
import type { Refusal } from "../../protocol/refusal.ts";
import { tableLines } from "../report.ts";

export type Format = (amount: Amount) => string;

/** What is on the screen. */
export type View = {
  readonly lines: readonly string[];
  /** A message that is shown as codes. */
  readonly message?: Uint8Array;
};

export function askedView(amount: string, message: Uint8Array): View {
  const lines = [`PAY ${amount}`, "Scan the code, or hold a card to the reader. c cancels."];
  return { lines, message };
}

export function acceptedLines(amount: string): string[] {
  return [`ACCEPTED  ${amount}`, "unverified until synced"];
}

/** @param after what comes of it. */
export function refusedLines({ detail, remedy }: Refusal, ...after: readonly string[]): string[] {
  return [`REFUSED  ${sentence(detail)}`, remedy, ...after];
}

/** @param history in which the records stand. */
export function syncedLines(
  { settled, pending, refused }: SyncReport,
  history: readonly HistoryEntry[],
  format: Format,
): string[] {
  const lines = [`Synced: ${settled} settled, ${pending} on their way.`];
  for (const { id, reason } of refused) {
    const sale = history.find((entry) => entry.id === id && entry.kind === "received");
    const name = sale && `The sale of ${format(sale.amount)} at ${clock(sale.time)}`;
    lines.push(`${name ?? `Record ${id}`} is not settled: ${reason.text}`);
  }
  return lines;
}

/** @param sales what was received, and kept. */
export function totalsLines(sales: readonly HistoryEntry[], format: Format): string[] {
  const row = (name: string, of: readonly HistoryEntry[]) => [
    name,
    String(of.length),
    format(of.reduce((sum, { amount }) => sum + amount, 0n)),
  ];
  const rows = ["settled", "unverified", "refused"].map((name) =>
    row(
      name,
      sales.filter(({ state }) => state === name),
    ),
  );
  return tableLines(["today", "sales", "amount"], [...rows, row("all", sales)]);
}

/** "14:05", as clocks here show it. */
function clock(time: number): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
