/**
 * The code that confirms an offline payment of a high amount: a second device shows it, or the bank's voice line
 * says it, and the holder enters it on the purse that is to pay. It is a short code (short-code.ts) under a secret
 * that the bank gave both sides while they were online, over amount, payee and minute:
 *
 *     message("second-factor", amount u64 ‖ payee's number u64 ‖ window u64), window = time in ms ÷ 60,000
 *
 * A payee goes by a number of twelve digits, since people say it into a telephone: it comes of the owner's hash.
 * Who wants another payee's code needs a key with the same number, one of 2^40, that a bank enrols for them.
 */
import { fromHex, Writer } from "./bytes.ts";
import type { Owner } from "./key.ts";
import { message } from "./message.ts";
import type { Amount } from "./money.ts";
import { Refusal } from "./refusal.ts";
import { isSameCode, shortCode } from "./short-code.ts";

/** Twelve digits. */
export type PayeeNumber = string;

/** What the holder confirms. */
export type Confirmed = { readonly amount: Amount; readonly payee: PayeeNumber };

export const SECRET_LENGTH = 32;
/** Long enough to be read out and typed. */
export const WINDOW_MS = 60_000;
/** Clocks of two devices that are offline go apart: a window on either side is taken too. */
export const WINDOW_DRIFT = 1;

export const PAYEE_DIGITS = 12;
const PAYEES = 10n ** BigInt(PAYEE_DIGITS);

/** First eight bytes of the owner, big-endian, modulo 10^12. Nobody's, as of money under a code, is all zeros. */
export function payeeNumber(owner: Owner): PayeeNumber {
  const bytes = fromHex(owner);
  const number = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  return (number % PAYEES).toString().padStart(PAYEE_DIGITS, "0");
}

/** Three groups of four: as it is read out. */
export function formatPayeeNumber(number: PayeeNumber): string {
  return number.replace(/.{4}(?=.)/g, "$& ");
}

/** Reads a number as people type it: with spaces or hyphens, or without. @throws Refusal `malformed`. */
export function parsePayeeNumber(text: string): PayeeNumber {
  const number = text.replaceAll(/[\s-]/g, "");
  if (!/^\d{12}$/.test(number)) {
    throw new Refusal("malformed", `a payee's number has ${PAYEE_DIGITS} digits`);
  }
  return number;
}

/** @param time milliseconds. */
export function windowOf(time: number): number {
  return Math.floor(time / WINDOW_MS);
}

/** The code of one window. @param secret 32 bytes. */
export function secondFactorCode(
  networkId: Uint8Array,
  secret: Uint8Array,
  { amount, payee }: Confirmed,
  window: number,
): string {
  const body = new Writer(24).u64(amount).u64(BigInt(payee)).safe(window).done();
  return shortCode(secret, message("second-factor", networkId, body));
}

/**
 * The window whose code it is, of those around a time and after `lastWindow`; undefined if it is none's.
 * @param time milliseconds. @param code eight digits.
 */
export function windowOfCode(
  networkId: Uint8Array,
  secret: Uint8Array,
  confirmed: Confirmed,
  { time, lastWindow }: { readonly time: number; readonly lastWindow: number },
  code: string,
): number | undefined {
  const first = Math.max(windowOf(time) - WINDOW_DRIFT, lastWindow + 1);
  const last = windowOf(time) + WINDOW_DRIFT;
  for (let window = first; window <= last; window++) {
    if (isSameCode(code, secondFactorCode(networkId, secret, confirmed, window))) return window;
  }
  return undefined;
}
