/** The language of the page, and money as people of it write it. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en, type Words } from "./words/en.ts";
import { zh } from "./words/zh.ts";
import type { OrderView } from "./views.ts";

const languages = { en, zh };
export type Language = keyof typeof languages;

/** The first of the browser's languages that we speak. */
export function presentLanguage(): Language {
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in languages);
  return (spoken ?? "en") as Language;
}

export function wordsIn(language: Language): Words {
  return languages[language];
}

export const LanguageContext = createContext<Language>("en");

export function useWords(): Words {
  return wordsIn(useContext(LanguageContext));
}

/** "€12.50". */
export function useMoney({ amount, currency: { code, digits } }: OrderView): string {
  const language = useContext(LanguageContext);
  const tag = navigator.languages.find((each) => each.slice(0, 2) === language) ?? language;
  const text = amount.padStart(digits + 1, "0");
  const cut = text.length - digits;
  const decimal = digits === 0 ? text : `${text.slice(0, cut)}.${text.slice(cut)}`;
  return new Intl.NumberFormat(tag, { style: "currency", currency: code }).format(
    decimal as `${number}`,
  );
}
