/** What a customer allows to be paid online: one payment, and all of one day. The customer sets both. */
import type { Amount } from "../../protocol/money.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** What a customer sets; absent is no limit. */
export type OnlineLimits = { readonly perPayment?: Amount; readonly perDay?: Amount };

/** Days are those of UTC, as everywhere in the gateway. */
const DAY_MS = 86_400_000;

export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

/**
 * @param spent what was authorized today, and not given back. @throws Refusal `over-online-limit`: amounts up to
 *   the limit are within it.
 */
export function checkOnlineLimits(
  { perPayment, perDay }: OnlineLimits,
  amount: Amount,
  spent: Amount,
): void {
  if (perPayment !== undefined && amount > perPayment) {
    throw new Refusal("over-online-limit", `${amount} are more than ${perPayment} a payment`);
  }
  if (perDay !== undefined && spent + amount > perDay) {
    throw new Refusal(
      "over-online-limit",
      `${amount} after ${spent} today are more than ${perDay} a day`,
    );
  }
}
