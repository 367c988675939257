/** What became of money that a record put under a code here, in plain words for whoever sent it. */
import type { Claim } from "./claim-book.ts";
import type { UnclaimedCoin } from "./unclaimed-book.ts";

/**
 * @param lifeMs for how long money under a code may be claimed.
 * @returns nothing for a coin that is not known here.
 */
export function explainCode(
  coin: UnclaimedCoin | undefined,
  claim: Claim | undefined,
  lifeMs: number,
): string | undefined {
  if (coin?.state === "returned") return "Nobody claimed its money under a code: it has gone back.";
  if (coin?.state === "expired" || coin?.state === "reclaimed") {
    return `Nobody claimed its money under a code until ${dayOf(coin.expired!)}: it goes back to whoever sent it.`;
  }
  if (claim?.paid !== undefined)
    return `Its money under a code was claimed on ${dayOf(claim.paid)}.`;
  if (claim !== undefined && claim.isDead !== true)
    return "Its money under a code is being claimed.";
  if (coin === undefined) return undefined;
  return `Its money under a code waits to be claimed until ${dayOf(coin.found + lifeMs)}, and then goes back.`;
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
