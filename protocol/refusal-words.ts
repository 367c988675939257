/**
 * The codes of refusals in words, in each language that we speak: what problem documents and `tallystick
 * explain` say. A code is for programs and never changes; its words are for people, and may.
 */
import { type RefusalCode, refusalCodes } from "./refusal.ts";
import { titlesEn } from "./refusal-words-en.ts";
import { remediesZh, titlesZh } from "./refusal-words-zh.ts";

export const languages = ["en", "zh"] as const;
export type Language = (typeof languages)[number];

/** `internal` is what a caller hears of an error of ours: no refusal, so it is in no table of theirs. */
export type ProblemCode = RefusalCode | "internal";

export type ProblemWords = {
  readonly title: string;
  /** What the reader is to do. */
  readonly remedy: string;
};

const internalRemedy = "Try again later; if it stays, tell the operator the instance.";

export function wordsOf(code: ProblemCode, language: Language): ProblemWords {
  if (language === "zh") return { title: titlesZh[code], remedy: remediesZh[code] };
  const remedy = code === "internal" ? internalRemedy : refusalCodes[code].remedy;
  return { title: titlesEn[code], remedy };
}

/**
 * The language of ours that a reader likes best (RFC 9110, 12.5.4).
 * @param accepted an Accept-Language header, such as `zh-CN, en;q=0.5`; English where none of ours is named.
 */
export function languageIn(accepted: string | undefined): Language {
  const liked = (accepted ?? "")
    .split(",", RANGES_MAX)
    .map((range) => {
      const [tag = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return { language: tag.split("-")[0], quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  const known = liked.map(({ language }) => languages.find((each) => each === language));
  return known.find((language) => language !== undefined) ?? "en";
}

/** A header names a handful; the rest is not read. */
const RANGES_MAX = 16;
