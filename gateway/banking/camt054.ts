/** camt.054: a notice of what was booked in an account since an entry. */
import { hash } from "node:crypto";
import type { AccountId } from "../accounts.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Booking } from "./bookings.ts";
import { accountOf, type CamtParts, entryOf, ONE_PAGE } from "./camt-entries.ts";
import { idOf, timeOf } from "./message-parts.ts";
import { type MessageName, xmlOf } from "./xml.ts";

export const CAMT054: MessageName = { id: "camt.054.001.08", element: "BkToCstmrDbtCdtNtfctn" };

/** @throws Refusal `not-found` where there is nothing to tell of. */
export function camt054(
  account: AccountId,
  bookings: readonly Booking[],
  parts: CamtParts,
): string {
  const last = bookings.at(-1);
  if (last === undefined) {
    throw new Refusal("not-found", `nothing was booked in account ${account} since`);
  }
  const name = hash("sha256", account, "hex").slice(0, 8);
  const id = idOf("n", name, bookings[0]!.number, last.number);
  return xmlOf(CAMT054, {
    GrpHdr: { MsgId: id, CreDtTm: timeOf(last.time) },
    Ntfctn: {
      Id: id,
      NtfctnPgntn: ONE_PAGE,
      CreDtTm: timeOf(last.time),
      Acct: accountOf(account, parts),
      Ntry: bookings.map((booking) => entryOf(booking, parts)),
    },
  });
}
