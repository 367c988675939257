/** camt.053: the statement of an account for one day that is over. */
import { hash } from "node:crypto";
import type { BookedDay } from "./bookings.ts";
import { after } from "./business-calendar.ts";
import { accountOf, type CamtParts, entriesOf, ONE_PAGE } from "./camt-entries.ts";
import { amountOf, idOf, signOf, timeOf } from "./message-parts.ts";
import { type Element, type MessageName, xmlInTurns } from "./xml.ts";

export const CAMT053: MessageName = { id: "camt.053.001.08", element: "BkToCstmrStmt" };

const DAY_MS = 86_400_000;

export async function camt053(booked: BookedDay, parts: CamtParts): Promise<string> {
  const { account, day, opening, closing, available, onDevices, bookings } = booked;
  const { calendar, currency } = parts;
  const [from, to] = [calendar.startOf(day), calendar.startOf(after(day))];
  const id = idOf("s", day.replaceAll("-", ""), hash("sha256", account, "hex").slice(0, 16));
  const balanceOf = (code: string, amount: bigint): Element => ({
    Tp: { CdOrPrtry: { Cd: code } },
    Amt: amountOf(amount, currency),
    CdtDbtInd: signOf(amount),
    Dt: { Dt: day },
  });
  const money = amountOf(onDevices, currency);
  return xmlInTurns(CAMT053, {
    GrpHdr: { MsgId: id, CreDtTm: timeOf(to) },
    Stmt: {
      Id: id,
      StmtPgntn: ONE_PAGE,
      // One a day: their numbers ascend, with gaps where none was asked for.
      ElctrncSeqNb: String(Date.parse(`${day}T00:00:00Z`) / DAY_MS),
      CreDtTm: timeOf(to),
      FrToDt: { FrDtTm: timeOf(from), ToDtTm: timeOf(to) },
      Acct: accountOf(account, parts),
      Bal: [balanceOf("OPBD", opening), balanceOf("CLBD", closing), balanceOf("CLAV", available)],
      Ntry: entriesOf(bookings, parts),
      AddtlStmtInf: `On devices, beside the balance: ${money["#"] as string} ${currency.code}`,
    },
  });
}
