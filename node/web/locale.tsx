/** The language and the currency that the console speaks in, and the members by name. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { formatMoney, formatTime } from "../../web/format.ts";
import type { Consortium } from "./api.ts";
import { en, type Words } from "./words/en.ts";
import { zh } from "./words/zh.ts";

export const languages = { en, zh } as const satisfies Record<string, Words>;
export type Language = keyof typeof languages;

export type Locale = {
  readonly language: Language;
  /** As the browser's user writes numbers and times in it. */
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

/** Who is in the network, and its currency: there before anything is shown. */
export const ConsortiumContext = createContext<Consortium | undefined>(undefined);

export function useWords(): Words {
  return useContext(LocaleContext).words;
}

export function useLanguage(): Language {
  return useContext(LocaleContext).language;
}

export function useConsortium(): Consortium {
  return useContext(ConsortiumContext)!;
}

/** How amounts, numbers, times and members are written. */
export function useFormat() {
  const { tag, words } = useContext(LocaleContext);
  const { network, members } = useConsortium();
  const numbers = new Intl.NumberFormat(tag);
  return {
    money: (minorUnits: string | bigint) => formatMoney(BigInt(minorUnits), network.currency, tag),
    number: (value: number) => numbers.format(value),
    time: (seconds: number) => formatTime(seconds * 1000, tag),
    nameOf: (id: number) => members.find(({ member }) => member === id)?.name ?? words.member(id),
  };
}
