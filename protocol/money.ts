/**
 * Money: whole minor units of the network's currency as bigint. Parsing refuses surplus digits and
 * never rounds; JSON carries amounts as decimal strings of minor units.
 */
import { Refusal } from "./refusal.ts";

/** Minor units, 0 to 2^64 − 1 in a coin; sums may be larger. */
export type Amount = bigint;

export const AMOUNT_MAX = 2n ** 64n - 1n;

/** A currency: its ISO 4217 code and how many digits its minor unit has. */
export type Currency = { readonly code: string; readonly digits: number };

/** Parses "12.34" or "12" into minor units. @throws Refusal `malformed` on signs, surplus digits, overflow. */
export function parseAmount(text: string, currency: Currency): Amount {
  const match = /^(\d{1,20})(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new Refusal("malformed", `"${text}" is not an amount such as 12.34`);
  const [, whole = "", fraction = ""] = match;
  if (fraction.length > currency.digits) {
    throw new Refusal(
      "malformed",
      `${currency.code} has ${currency.digits} digits after the point, "${text}" has ${fraction.length}`,
    );
  }
  return bounded(BigInt(whole + fraction.padEnd(currency.digits, "0")), text);
}

/** "1,234.50 EUR". Negative amounts, as of positions, carry a minus sign. */
export function formatAmount(amount: Amount, currency: Currency): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(currency.digits + 1, "0");
  const cut = digits.length - currency.digits;
  const whole = digits.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = currency.digits === 0 ? "" : `.${digits.slice(cut)}`;
  return `${amount < 0n ? "-" : ""}${whole}${fraction} ${currency.code}`;
}

/** Reads the decimal string that JSON carries. @throws Refusal `malformed`. */
export function parseMinorUnits(text: string): Amount {
  if (!/^(?:0|[1-9]\d{0,19})$/.test(text)) {
    throw new Refusal("malformed", `"${text}" is not a decimal number of minor units`);
  }
  return bounded(BigInt(text), text);
}

function bounded(amount: Amount, text: string): Amount {
  if (amount > AMOUNT_MAX)
    throw new Refusal("malformed", `"${text}" is more than 2^64 - 1 minor units`);
  return amount;
}
