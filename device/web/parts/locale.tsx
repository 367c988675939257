/** The language and the currency that a page speaks in. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Amount, Currency } from "../../../protocol/money.ts";
import { en, type Words } from "../words/en.ts";
import { zh } from "../words/zh.ts";

export const languages = { en, zh } as const satisfies Record<string, Words>;
export type Language = keyof typeof languages;

const KEPT = "language";

/** The language that was chosen here, or the first of the browser's that we speak. */
export function presentLanguage(): Language {
  const wanted = [localStorage.getItem(KEPT) ?? "", ...navigator.languages];
  const spoken = wanted.map((tag) => tag.slice(0, 2)).find((tag) => tag in languages);
  return (spoken ?? "en") as Language;
}

export function tagOf(language: Language): string {
  return navigator.languages.find((tag) => tag.slice(0, 2) === language) ?? language;
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(KEPT, language);
}

export type Locale = {
  readonly language: Language;
  /** The language as the browser's user writes amounts and times in it: "en-GB". */
  readonly tag: string;
  readonly words: Words;
  readonly choose: (language: Language) => void;
};

export const LocaleContext = createContext<Locale>({
  language: "en",
  tag: "en",
  words: en,
  choose: () => undefined,
});

export function useLocale(): Locale {
  return useContext(LocaleContext);
}

export function useWords(): Words {
  return useLocale().words;
}

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
