/** An international bank account number (ISO 13616): the country, two check digits, and as many characters as it has there. */
import { Refusal } from "../../protocol/refusal.ts";
import { mod97 } from "./mod97.ts";

/** The countries of the registry, by how long it is there, the country and the check digits included. */
const countries: Readonly<Record<number, string>> = {
  15: "NO",
  16: "BE",
  18: "DK FI FK FO GL NL SD",
  19: "MK SI",
  20: "AT BA EE KZ LT LU MN XK",
  21: "CH HR LI LV",
  22: "BG BH CR DE GB GE IE ME RS VA",
  23: "AE GI IL IQ OM SO TL",
  24: "AD CZ ES MD PK RO SA SE SK TN VG",
  25: "LY PT ST",
  26: "IS TR",
  27: "BI DJ FR GR IT MC MR SM",
  28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
  29: "BR EG PS QA UA",
  30: "JO KW MU YE",
  31: "MT SC",
  32: "LC",
  33: "RU",
};

const lengths = new Map(
  Object.entries(countries).flatMap(([length, names]) =>
    names.split(" ").map((country) => [country, Number(length)]),
  ),
);

export function isIban(text: string): boolean {
  const [, country, digits] = /^([A-Z]{2})(\d{2})[A-Z0-9]{11,30}$/.exec(text) ?? [];
  if (country === undefined || text.length !== lengths.get(country)) return false;
  // 00, 01 and 99 leave the same remainders as 97, 98 and 02, which are the ones that are given out.
  if (digits! < "02" || digits! > "98") return false;
  return mod97(text.slice(4) + text.slice(0, 4)) === 1;
}

/** @throws Refusal `bad-configuration`. */
export function checkIban(text: string): string {
  if (isIban(text)) return text;
  throw new Refusal("bad-configuration", `"${text}" is not an IBAN`);
}
