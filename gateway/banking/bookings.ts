/**
 * What was booked in an account. Booked is what the bank owes the customer there: available and held together.
 * A hold changes nothing of that, and what is on devices is no longer in the account.
 */
import type { AccountId, Accounts, Entry, EntryKind } from "../accounts.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { ENTRIES_PAGE, entriesBefore, standing } from "../entries.ts";
import { after, type BusinessCalendar, type Day } from "./business-calendar.ts";

export type Booking = {
  readonly number: number;
  /** Milliseconds. */
  readonly time: number;
  readonly kind: EntryKind;
  readonly reference: string;
  /** Not zero. */
  readonly amount: bigint;
};

/** One day of an account, which is over. */
export type BookedDay = {
  readonly account: AccountId;
  readonly day: Day;
  readonly opening: bigint;
  readonly closing: bigint;
  /** Of the closing balance, what the customer can dispose of. */
  readonly available: bigint;
  /** What is frozen for the customer's devices at its end. */
  readonly onDevices: bigint;
  /** In the order in which they were booked. */
  readonly bookings: readonly Booking[];
};

type Reader = Pick<Accounts, "balance" | "statement">;

/** @throws Refusal `not-found`; `malformed` for a day that is not over. */
export async function bookedDay(
  accounts: Reader,
  calendar: BusinessCalendar,
  account: AccountId,
  day: Day,
  now: number,
): Promise<BookedDay> {
  if (calendar.startOf(after(day)) > now) {
    throw new Refusal("malformed", `${day} is not over: a statement is of a day that is`);
  }
  const { latest, balance } = await standing(accounts, account);
  let { available, held, onDevices } = balance;
  const latestFirst: Entry[] = [];
  for await (const entry of entriesBefore(accounts, account, latest + 1)) {
    const date = calendar.dateOf(entry.time);
    if (date < day) break;
    if (date === day) latestFirst.push(entry);
    else {
      available -= entry.available;
      held -= entry.held;
      onDevices -= entry.onDevices;
    }
  }
  const bookings = latestFirst.toReversed().flatMap(bookingOf);
  const closing = available + held;
  const opening = bookings.reduce((balance, { amount }) => balance - amount, closing);
  return { account, day, opening, closing, available, onDevices, bookings };
}

/** What was booked after an entry, at most a page, in the order in which it was. @throws Refusal `not-found`. */
export async function bookingsAfter(
  accounts: Reader,
  account: AccountId,
  number: number,
): Promise<Booking[]> {
  const latestFirst: Booking[] = [];
  for await (const entry of entriesBefore(accounts, account)) {
    if (entry.number <= number) break;
    latestFirst.push(...bookingOf(entry));
  }
  return latestFirst.slice(-ENTRIES_PAGE).toReversed();
}

function bookingOf({ number, time, kind, reference, available, held }: Entry): Booking[] {
  const amount = available + held;
  return amount === 0n ? [] : [{ number, time, kind, reference, amount }];
}
