/** What messages of ISO 20022 have in common: ids, times, amounts, institutions, accounts. */
import { hash } from "node:crypto";
import type { Amount, Currency } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { isIban } from "./iban.ts";
import type { Element } from "./xml.ts";

/** A member as other banks know it. */
export type Institution = {
  readonly member: MemberId;
  readonly bic: string;
  readonly lei?: string;
  readonly name?: string;
  /** Of its account for settlement. */
  readonly iban?: string;
};

/** ISO 20022 has 18 digits for an amount, at most 5 of them after the point. */
const DIGITS_MAX = 18;

/** "12.34": all digits of the minor unit, and no sign. @throws Refusal `too-large`. */
export function decimalOf(amount: Amount, { digits }: Currency): string {
  const text = String(amount < 0n ? -amount : amount).padStart(digits + 1, "0");
  if (text.length > DIGITS_MAX) {
    throw new Refusal(
      "too-large",
      `an amount of ${text.length} digits, where messages have ${DIGITS_MAX}`,
    );
  }
  const cut = text.length - digits;
  return digits === 0 ? text : `${text.slice(0, cut)}.${text.slice(cut)}`;
}

export function amountOf(amount: Amount, currency: Currency): Element {
  return { "@Ccy": currency.code, "#": decimalOf(amount, currency) };
}

/** Credit for nothing, too: a balance of zero is not owed. */
export function signOf(amount: bigint): "CRDT" | "DBIT" {
  return amount < 0n ? "DBIT" : "CRDT";
}

/** "2026-11-28T07:45:00.000Z". @param time milliseconds. */
export function timeOf(time: number): string {
  return new Date(time).toISOString();
}

/** An id of at most 35 characters that every network of banks carries. @throws Refusal `too-large`. */
export function idOf(...parts: readonly (string | number)[]): string {
  const id = parts.join(".").replace(/[^A-Za-z0-9.-]/g, "-");
  if (id.length > 35) throw new Refusal("too-large", `"${id}" has more than 35 characters`);
  return id;
}

/** The same UUID (version 4 in form) for the same name: a message that is built again is the same message. */
export function uetrOf(name: string): string {
  const hex = hash("sha256", `uetr ${name}`, "hex");
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

export function agentOf({ bic, lei, name }: Institution): Element {
  return { FinInstnId: { BICFI: bic, LEI: lei, Nm: name } };
}

/** Of a bank's own, or of a customer's: an IBAN, or what the bank calls it. @throws Refusal `too-large`. */
export function accountIdOf(account: string): Element {
  if (isIban(account)) return { Id: { IBAN: account } };
  if (account.length > 34) {
    throw new Refusal(
      "too-large",
      `messages have 34 characters for an account, not ${account.length}`,
    );
  }
  return { Id: { Othr: { Id: account } } };
}
