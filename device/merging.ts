/**
 * Many small coins into few. A till takes hundreds of coins a day, and a purse that is paid small change keeps
 * it; but a record spends 16 at most, and each coin wants a receipt renewed. So where there are more than a purse
 * needs to pay well, the smallest that a bank vouches for become a few of the amounts a load would come in: by a
 * record that pays the device itself, made while a gateway is there to take it in. What it makes can be paid at
 * once, one payment deep, and gets its receipts as any money does.
 */
import { toHex } from "../protocol/bytes.ts";
import { limits } from "../protocol/limits.ts";
import { suggestParts } from "./denominations.ts";
import { type Holder, knowledgeOf } from "./holder.ts";
import { commitPayment, spendableCoins } from "./purse-state.ts";
import type { Draft } from "./purse-tables.ts";
import { makeMergingBody } from "./record-body.ts";
import type { Spendable } from "./selection.ts";

/** Twice what a payment spends: with fewer coins, what is merged would be half the money, or nearly. */
const COINS_MAX = 2 * limits.inputsMax;

/** Fixes the body that merges, and commits its coins. @returns the payment's key; undefined if the coins are few. */
export function prepareMerging(holder: Holder, draft: Draft): string | undefined {
  const { now } = knowledgeOf(holder, draft);
  const vouched = spendableCoins(draft).filter(
    ({ depth, goodUntil }) => depth === 0 && goodUntil > now,
  );
  if (vouched.length <= COINS_MAX || draft.get("certificates", holder.key) === undefined) {
    return undefined;
  }
  const bySize = vouched.toSorted(smallestFirst);
  const merged = bySize.slice(0, limits.inputsMax);
  const parts = suggestParts(worth(bySize) - worth(merged), worth(merged));
  const outpoints = merged.map(({ outpoint }) => outpoint).sort();
  const record = makeMergingBody(holder, draft, outpoints, parts);
  const time = draft.get("purse", "")!.signedTime;
  commitPayment(draft, { record, time, until: time });
  return toHex(record.nonce);
}

function worth(coins: readonly { readonly amount: bigint }[]): bigint {
  return coins.reduce((sum, { amount }) => sum + amount, 0n);
}

/** The outpoint decides between equals, so that the same purse chooses the same. */
function smallestFirst(a: Spendable, b: Spendable): number {
  if (a.amount !== b.amount) return a.amount < b.amount ? -1 : 1;
  return a.outpoint < b.outpoint ? -1 : 1;
}
