/**
 * Which coins of the vault pay: as few as will do, and none whose record still has to apply if others do.
 * A vault of many coins gives its smallest away with every payment, so that redemptions do not pile up.
 */
import { limits } from "../protocol/limits.ts";
import { type Amount, AMOUNT_MAX } from "../protocol/money.ts";
import type { Outpoint } from "../protocol/output.ts";
import { Refusal } from "../protocol/refusal.ts";

export type VaultCoin = {
  readonly outpoint: Outpoint;
  readonly amount: Amount;
  /** Whether the ledger has it already; otherwise it is change that is on its way. */
  readonly isConfirmed: boolean;
};

/** A vault with more coins than this is swept as it pays. */
const COINS_KEPT = 64;

/** @throws Refusal `insufficient-funds`; `too-many-coins` if it would take more than 16. */
export function pickCoins(coins: readonly VaultCoin[], amount: Amount): VaultCoin[] {
  const confirmed = coins.filter((coin) => coin.isConfirmed);
  const picked = fewest(confirmed, amount) ?? fewest(coins, amount);
  if (picked === undefined) throw refusal(coins, amount);
  if (confirmed.length <= COINS_KEPT) return picked;
  return pickSmallest(
    confirmed.filter((coin) => !picked.includes(coin)),
    picked,
  );
}

/** Adds the smallest of `coins` to `picked`, as many as one record takes and one coin of change can hold. */
export function pickSmallest(
  coins: readonly VaultCoin[],
  picked: readonly VaultCoin[] = [],
): VaultCoin[] {
  const all = [...picked];
  let sum = sumOf(picked);
  for (const coin of coins.toSorted(byAmount)) {
    sum += coin.amount;
    if (all.length === limits.inputsMax || sum > AMOUNT_MAX) break;
    all.push(coin);
  }
  return all;
}

export function sumOf(coins: readonly VaultCoin[]): Amount {
  return coins.reduce((sum, coin) => sum + coin.amount, 0n);
}

/** The smallest coin that is enough, or else the largest together. */
function fewest(coins: readonly VaultCoin[], amount: Amount): VaultCoin[] | undefined {
  const ascending = coins.toSorted(byAmount);
  const enough = ascending.find((coin) => coin.amount >= amount);
  if (enough !== undefined) return [enough];
  const picked: VaultCoin[] = [];
  let sum = 0n;
  for (const coin of ascending.reverse().slice(0, limits.inputsMax)) {
    picked.push(coin);
    sum += coin.amount;
    if (sum >= amount) return picked;
  }
  return undefined;
}

function refusal(coins: readonly VaultCoin[], amount: Amount): Refusal {
  return sumOf(coins) < amount
    ? new Refusal("insufficient-funds", "the bank's vault does not hold as much at present")
    : new Refusal("too-many-coins", "the vault's coins are too small: they are to be merged first");
}

function byAmount(a: VaultCoin, b: VaultCoin): number {
  return a.amount < b.amount ? -1 : a.amount > b.amount ? 1 : 0;
}
