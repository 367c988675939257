/**
 * What the gateway asks of a core system over HTTP. Whatever changes something is a PUT to a path that holds
 * its reference, so that a call may be repeated; the core system answers 2xx if it is done or was done before.
 *
 *     PUT /holds/:reference              Hold       freezes an available amount
 *     PUT /holds/:reference/end          HoldEnd    releases it, or takes it
 *     PUT /postings/:reference           Posting    credit, transfer, restitution, fine
 *     PUT /devices/:owner                Level      what is frozen for a device from now on
 *     PUT /accounts/:account/closed      {}         closes an empty account
 *     GET /accounts/:account             AccountRow
 *     GET /accounts/:account/entries     EntryRow[] the latest first; ?limit=, ?before= (numbers below it)
 *
 * It refuses with a problem document (RFC 9457) whose `code` is one of `refusals`. A hold that it has refused
 * with `insufficient-funds` it refuses again, however late the same call comes: the caller goes by that. Of an
 * account's entries none is earlier than one with a lower number: a day's statement ends with the first that is of a
 * day before. Amounts are decimal strings of minor units.
 */
import { type Static, Type } from "typebox";
import { type Entry, entryKinds } from "../accounts.ts";
import type { RefusalCode } from "../../protocol/refusal.ts";

/** What a core system may refuse with: the call is not repeated. */
export const refusals: readonly RefusalCode[] = ["not-found", "insufficient-funds", "conflict"];

export type Hold = { readonly account: string; readonly amount: string };

export type HoldEnd = { readonly how: "release" | "debit" };

export type Posting = {
  readonly kind: "credit" | "transfer" | "restitution" | "fine";
  /** Where a credit goes and a transfer comes from; of a restitution or fine, what was set aside for it. */
  readonly account?: string;
  /** Where a transfer goes. */
  readonly to?: string;
  readonly amount: string;
};

export type Level = {
  readonly account: string;
  readonly amount: string;
  /** The ledger's event after which it was so: an older word than the last changes nothing. */
  readonly seq: number;
};

const amount = Type.String({ pattern: "^(0|-?[1-9][0-9]{0,38})$" });

export const AccountRow = Type.Object({
  account: Type.String(),
  customer: Type.String({ minLength: 1 }),
  isClosed: Type.Boolean(),
  available: amount,
  held: amount,
  onDevices: amount,
});
export type AccountRow = Static<typeof AccountRow>;

export const EntryRow = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  time: Type.Integer({ minimum: 0 }),
  kind: Type.Enum([...entryKinds]),
  reference: Type.String(),
  available: amount,
  held: amount,
  onDevices: amount,
});
export const EntryRows = Type.Array(EntryRow);
export type EntryRow = Static<typeof EntryRow>;

export function entryFrom({ available, held, onDevices, ...row }: EntryRow): Entry {
  return {
    ...row,
    available: BigInt(available),
    held: BigInt(held),
    onDevices: BigInt(onDevices),
  };
}
