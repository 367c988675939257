/** The language that a page speaks. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { languageOf } from "../../../web/language.ts";
import { en, type Words } from "../words/en.ts";
import { zh } from "../words/zh.ts";

export const languages = { en, zh } as const satisfies Record<string, Words>;
export type Language = keyof typeof languages;

/** The language that was chosen here, or the first of the browser's that we speak. */
export function presentLanguage(): Language {
  return languageOf(Object.keys(languages) as Language[]);
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
