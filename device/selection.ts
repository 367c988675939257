/**
 * Which coins pay. Those with receipts first; if they do not suffice, those without, the shallowest
 * first. The two are never mixed: money a bank vouches for does not wait for money that none has seen.
 */
import { limits } from "../protocol/limits.ts";
import type { Amount } from "../protocol/money.ts";
import type { Outpoint } from "../protocol/output.ts";
import { Refusal } from "../protocol/refusal.ts";

/** A coin that is free to be paid. */
export type Spendable = {
  readonly outpoint: Outpoint;
  readonly amount: Amount;
  /** Payments since a receipt: 0 with one. */
  readonly depth: number;
  /** Milliseconds: until then payees take it; after it, it needs new receipts. */
  readonly goodUntil: number;
};

export type SelectionLimits = {
  /** The certificate's: how deep a coin may be. */
  readonly maxDepth: number;
  /** Milliseconds. */
  readonly now: number;
  /** Change of payments that are not confirmed: it will be there after a sync. */
  readonly waiting: Amount;
};

/**
 * Chooses coins worth at least `amount`, few of them, with little change.
 * @throws Refusal `insufficient-funds`; `too-many-coins`, where only more than 16 would do; `expired`,
 *   `over-depth-limit`, `sync-needed`, where a sync would make it possible.
 */
export function selectCoins(
  coins: readonly Spendable[],
  amount: Amount,
  { maxDepth, now, waiting }: SelectionLimits,
): Outpoint[] {
  const fresh = coins.filter((coin) => coin.goodUntil > now);
  const usable = fresh.filter((coin) => coin.depth <= maxDepth);
  for (const group of groupsOf(usable)) {
    const chosen = cover(group, amount);
    if (chosen !== undefined) return chosen.map((coin) => coin.outpoint).sort();
  }
  throw whyNot(coins, fresh, usable, amount, waiting);
}

/** Coins that may pay together: with receipts, then without, down to each depth. */
function groupsOf(coins: readonly Spendable[]): Spendable[][] {
  const deep = coins.filter((coin) => coin.depth > 0);
  const depths = [...new Set(deep.map((coin) => coin.depth))].sort((a, b) => a - b);
  return [
    coins.filter((coin) => coin.depth === 0),
    ...depths.map((depth) => deep.filter((coin) => coin.depth <= depth)),
  ];
}

/** The largest coins, and in the end the smallest that completes them: few coins, none of them idle. */
function cover(coins: readonly Spendable[], amount: Amount): Spendable[] | undefined {
  const left = coins.toSorted(bySize);
  const chosen: Spendable[] = [];
  let missing = amount;
  while (missing > 0n) {
    const last = left.findIndex((coin) => coin.amount >= missing);
    const [next] = left.splice(last === -1 ? left.length - 1 : last, 1);
    if (next === undefined || chosen.length === limits.inputsMax) return undefined;
    chosen.push(next);
    missing -= next.amount;
  }
  return chosen;
}

function whyNot(
  all: readonly Spendable[],
  fresh: readonly Spendable[],
  usable: readonly Spendable[],
  amount: Amount,
  waiting: Amount,
): Refusal {
  const has = `${sum(usable)} can be paid offline now`;
  if (sum(all) + waiting < amount) {
    return new Refusal("insufficient-funds", `${amount} is to be paid, ${sum(all)} is there`);
  }
  if (groupsOf(usable).some((group) => sum(group) >= amount)) {
    return new Refusal("too-many-coins", `more than ${limits.inputsMax} coins make up ${amount}`);
  }
  if (sum(usable) >= amount) {
    return new Refusal("sync-needed", "only coins with and without receipts together would do");
  }
  if (sum(fresh) >= amount) {
    return new Refusal("over-depth-limit", `${has}; the rest was received and waits for a sync`);
  }
  if (sum(all) >= amount) {
    return new Refusal("expired", `${has}; the receipts of the rest have expired`);
  }
  return new Refusal("sync-needed", `${has}; change waits to be confirmed`);
}

/** Amounts ascending; the outpoint decides between equals, so that the same purse chooses the same. */
function bySize(a: Spendable, b: Spendable): number {
  if (a.amount !== b.amount) return a.amount < b.amount ? -1 : 1;
  return a.outpoint < b.outpoint ? -1 : 1;
}

function sum(coins: readonly Spendable[]): Amount {
  return coins.reduce((total, coin) => total + coin.amount, 0n);
}
