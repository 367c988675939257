/**
 * The coins that a load should come in. A payment that finds coins with receipts needs no ancestry; change
 * has some until the next sync. So a purse wants several coins that are each enough for a usual payment: not
 * one large coin, which the first payment breaks, nor many small ones, of which a payment takes several, each
 * with a receipt of its own.
 *
 * The purse that will be is cut by the step of the ladder (1, 2, 5 times a power of ten) that is at most an
 * eighth of it, and every third coin is worth two steps, for what is a little dearer. 150.00 for an empty
 * purse come as four coins of 20.00 and seven of 10.00. `npm run bench -- device` measures what it is worth.
 */
import { stepBelow } from "../protocol/denominations.ts";
import type { Amount } from "../protocol/money.ts";

/** A load is one record with at most 16 outputs, of which one is the bank's own change. */
const PARTS_MAX = 15;
const SHARES = 8n;

/**
 * @param held what is in the purse already. @param amount what is to be loaded, at least 1.
 * @returns what adds up to `amount`, the rest last.
 */
export function suggestParts(held: Amount, amount: Amount): Amount[] {
  const share = (held + amount) / SHARES;
  if (share === 0n) return [amount];
  const step = stepBelow(share);
  const parts: Amount[] = [];
  let rest = amount;
  while (rest >= 3n * step && parts.length < PARTS_MAX - 1) {
    const part = parts.length % 3 === 0 ? 2n * step : step;
    parts.push(part);
    rest -= part;
  }
  return [...parts, rest];
}
