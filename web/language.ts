/** Which language a page speaks: what was chosen in this browser, or what the browser asks for. */

const KEPT = "language";

/** The language that was chosen here, or the first of the browser's that is spoken, or the first there is. */
export function languageOf<L extends string>(spoken: readonly L[]): L {
  const wanted = [localStorage.getItem(KEPT) ?? "", ...navigator.languages];
  const tags = wanted.map((tag) => tag.slice(0, 2));
  return tags.find((tag): tag is L => spoken.includes(tag as L)) ?? spoken[0]!;
}

/** The language as the browser's user writes amounts and times in it: "en-GB". */
export function tagOf(language: string): string {
  return navigator.languages.find((tag) => tag.slice(0, 2) === language) ?? language;
}

export function keepLanguage(language: string): void {
  localStorage.setItem(KEPT, language);
}
