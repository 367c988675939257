/**
 * How a load is cut into coins. A purse pays best with coins of many sizes: an amount paid exactly needs no
 * change, and what needs no change has a short ancestry.
 *
 * The ladder is 1, 2 and 5 times every power of ten. Each coin is the greatest of the ladder that is at most
 * half of what is left, until the coins would be too many or too small; what is left then is the last. So half
 * of a load is in one or two large coins, half of the other half in the next, and so on down. 100.00 in ten
 * coins, none below 0.10: 50.00, 20.00, 10.00, 10.00, 5.00, 2.00, 1.00, 1.00, 0.50, 0.50.
 */
import type { Amount } from "./money.ts";

/**
 * @param amount at least 1. @param partsMax at least 1. @param smallest no coin but the last is smaller.
 * @returns what adds up to `amount`, the largest first.
 */
export function denominate(amount: Amount, partsMax: number, smallest: Amount): Amount[] {
  const parts: Amount[] = [];
  let rest = amount;
  while (parts.length < partsMax - 1 && rest >= 2n * smallest) {
    const part = stepBelow(rest / 2n);
    if (part < smallest) break;
    parts.push(part);
    rest -= part;
  }
  parts.push(rest);
  return parts.sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
}

/** The greatest 1, 2 or 5 times a power of ten that is at most `amount`, which is at least 1. */
export function stepBelow(amount: Amount): Amount {
  const power = 10n ** BigInt(amount.toString().length - 1);
  return amount >= 5n * power ? 5n * power : amount >= 2n * power ? 2n * power : power;
}
