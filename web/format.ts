/** Amounts and times as people of a language write them. */
import type { Amount, Currency } from "../protocol/money.ts";

/** Decimal digits of an amount, as Intl and input fields take them: "12.50". */
export function decimalOf(amount: Amount, { digits }: Currency): string {
  const text = amount.toString().padStart(digits + 1, "0");
  const cut = text.length - digits;
  return digits === 0 ? text : `${text.slice(0, cut)}.${text.slice(cut)}`;
}

/** An amount as people of the language write it: "€12.50". */
export function formatMoney(amount: Amount, currency: Currency, tag: string): string {
  return moneyFormat(currency, tag).format(decimalOf(amount, currency) as `${number}`);
}

export function moneyFormat({ code, digits }: Currency, tag: string): Intl.NumberFormat {
  return new Intl.NumberFormat(tag, {
    style: "currency",
    currency: code,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** The time of day, with the day if it is another than today. @param time milliseconds. */
export function formatTime(time: number, tag: string): string {
  const isToday = new Date(time).toDateString() === new Date().toDateString();
  const day = isToday ? {} : { dateStyle: "medium" as const };
  return new Intl.DateTimeFormat(tag, { ...day, timeStyle: "short" }).format(time);
}
