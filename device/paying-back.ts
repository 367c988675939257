/**
 * Money that goes back the way it came: refunds and change. It goes by an exchange of its own, in which who
 * once paid asks, with a reference that names the payment. Both purses hold that payment in their history,
 * for longer than its records, and both check: what goes back goes to the device it came from, never adds
 * up to more, and is not itself paid back. Change is what the price left over, all at once.
 */
import { toHex } from "../protocol/bytes.ts";
import type { Amount } from "../protocol/money.ts";
import {
  isPayingBack,
  parseReference,
  type PayingBack,
  type Reference,
} from "../protocol/reference.ts";
import { Refusal } from "../protocol/refusal.ts";
import { historyState } from "./history.ts";
import type { Draft, PastRecord } from "./purse-tables.ts";

/**
 * @param side what the payment was for this device: received, if it pays back, or paid, if it is paid back.
 * @param other the device key at the other end, if it is known yet.
 * @throws Refusal `not-refundable`, `over-refund`; `wrong-amount` for change that is not all of it.
 */
export function checkPayingBack(
  draft: Draft,
  { kind, of }: PayingBack,
  side: "received" | "paid",
  amount: Amount,
  other?: Uint8Array,
): void {
  const past = draft.get("history", of);
  if (past?.kind !== side) throw notRefundable("the purse remembers no such payment");
  const reference = parseReference(past.reference);
  if (isPayingBack(reference)) throw notRefundable("it is a refund or change itself");
  if (other !== undefined && toHex(other) !== past.counterparty?.deviceKey) {
    throw notRefundable("another device took part in it");
  }
  const state = historyState(draft, of, past);
  if (state === "returned" || state === "invalid" || state === "refused") {
    throw notRefundable(`it is ${state}`);
  }
  if (past.givenBack + amount > past.amount) {
    const left = past.amount - past.givenBack;
    throw new Refusal("over-refund", `${amount} is to go back, where ${left} of it is left`);
  }
  if (kind === "change") checkChange(past, reference, amount);
}

/** Counts what goes back; a negative amount, of a refund that was itself returned, counts it out again. */
export function countPaidBack(draft: Draft, { of }: PayingBack, amount: Amount): void {
  const past = draft.get("history", of);
  if (past === undefined) return;
  draft.put("history", of, { ...past, givenBack: past.givenBack + amount });
}

/** Whether a request that names a price leaves change. @throws Refusal `wrong-amount`. */
export function checkChangePromised(reference: Reference, amount: Amount): void {
  if (reference.kind === "price" && reference.price >= amount) {
    throw new Refusal(
      "wrong-amount",
      `${amount} leaves no change of a price of ${reference.price}`,
    );
  }
}

function checkChange(past: PastRecord, reference: Reference, amount: Amount): void {
  if (reference.kind !== "price") throw notRefundable("no change of it was promised");
  if (past.givenBack > 0n) throw new Refusal("over-refund", "the change has been given");
  const owed = past.amount - reference.price;
  if (amount !== owed) throw new Refusal("wrong-amount", `${owed} is the change, not ${amount}`);
}

function notRefundable(why: string): Refusal {
  return new Refusal("not-refundable", `the payment cannot be paid back: ${why}`);
}
