/**
 * One posting of the embedded accounts: an amount that moves from one book to another, what the reference under
 * which it was made stands for, and how it reads as a line of an account.
 */
import { Refusal } from "../protocol/refusal.ts";
import type { AccountId, Entry, EntryKind } from "./accounts.ts";

/** The books of an account, and those of the bank. */
export const parts = ["available", "held", "devices"] as const;
export type Part = (typeof parts)[number];
export type Book = `${Part}/${AccountId}` | "cash" | "settlement" | "bond" | "losses";

/** What a reference stands for. A hold that was refused, released or taken says so. */
export type ReferenceRow = {
  readonly kind: EntryKind;
  /** Absent if no account has to do with it. */
  readonly account?: AccountId;
  /** Where a transfer went. */
  readonly to?: AccountId;
  readonly amount: string;
  readonly end?: "refused" | "release" | "debit";
};

export type PostingRow = {
  readonly time: number;
  readonly kind: EntryKind;
  readonly reference: string;
  /** Absent if no account has to do with it. */
  readonly account?: AccountId;
  readonly from: Book;
  readonly to: Book;
  readonly amount: string;
};

/** From one book to another. */
export type Books = [from: Book, to: Book];

/** @throws Refusal `conflict`; `insufficient-funds` for a hold that was refused. */
export function checkSame(known: ReferenceRow, asked: ReferenceRow, reference: string): void {
  const isSame = (["kind", "account", "to", "amount"] as const).every(
    (field) => known[field] === asked[field],
  );
  if (!isSame) {
    throw new Refusal("conflict", `reference ${reference} stands for something else`);
  }
  if (known.end === "refused") {
    throw new Refusal("insufficient-funds", `hold ${reference} was refused: ask under another`);
  }
  if (known.end === "release") {
    throw new Refusal("conflict", `hold ${reference} was released and cannot be made again`);
  }
}

/** The accounts that a posting touches. */
export function accountsIn({ account, from, to }: PostingRow): AccountId[] {
  const named = [from, to].flatMap((book) => book.split("/")[1] ?? []);
  return [...new Set([...(account === undefined ? [] : [account]), ...named])];
}

/** A posting as a line of one of the accounts it touches. */
export function entryOf(account: AccountId, number: number, posting: PostingRow): Entry {
  const { time, kind, reference } = posting;
  const amount = BigInt(posting.amount);
  const change = (part: Part) => {
    const book: Book = `${part}/${account}`;
    return (posting.to === book ? amount : 0n) - (posting.from === book ? amount : 0n);
  };
  return {
    number,
    time,
    kind,
    reference,
    available: change("available"),
    held: change("held"),
    onDevices: change("devices"),
  };
}
