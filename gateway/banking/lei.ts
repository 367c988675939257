/** A legal entity identifier (ISO 17442): 18 characters and two check digits. */
import { Refusal } from "../../protocol/refusal.ts";
import { mod97 } from "./mod97.ts";

export function isLei(text: string): boolean {
  return /^[A-Z0-9]{18}\d{2}$/.test(text) && mod97(text) === 1;
}

/** @throws Refusal `bad-configuration`. */
export function checkLei(text: string): string {
  if (isLei(text)) return text;
  throw new Refusal("bad-configuration", `"${text}" is not an LEI`);
}
