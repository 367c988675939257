/**
 * A second factor without a network, for offline payments of a high amount: a code that the holder hears from
 * the bank's voice line, or reads on a second device, and enters on the purse before it pays. Purse and second
 * device share a secret that the bank gave both while they were online, sealed to each. A code is good for one
 * amount to one payee in one window of a minute, and for one use; the purse checks it alone.
 *
 * It keeps from paying who has the purse and its PIN in hand and not the second device. As with the PIN, what
 * keeps the secret decides what that is worth: an element keeps it, a file does not.
 */
import { fromHex, Writer } from "../protocol/bytes.ts";
import { type Owner, OWNER_LENGTH } from "../protocol/key.ts";
import { message } from "../protocol/message.ts";
import type { Amount } from "../protocol/money.ts";
import type { Random } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import { isSameCode, parseShortCode, shortCode } from "../protocol/short-code.ts";

/** What the holder confirms. */
export type Confirmed = {
  readonly networkId: Uint8Array;
  readonly amount: Amount;
  /** The owner of the key that is to be paid. */
  readonly payee: Owner;
};

/** What a purse keeps. */
export type SecondFactor = {
  /** 32 bytes, shared with the second device. */
  readonly secret: Uint8Array;
  /** Payments of at least this much need a code. */
  readonly from: Amount;
  /** Wrong codes that may still be entered; at none, the bank sets another secret. */
  readonly tries: number;
  /** The window of the last code that was right: no code of it, or of one before, is taken again. */
  readonly lastWindow: number;
};

/** What came of a try: the row to keep, durably, before anything else is done. */
export type Entered = { readonly factor: SecondFactor; readonly isRight: boolean };

export const SECRET_LENGTH = 32;
const TRIES = 3;
/** Long enough to be read out and typed. */
export const WINDOW_MS = 60_000;
/** Clocks of two devices that are offline go apart: a window on either side is taken too. */
const DRIFT = 1;

export function makeSecondFactor(random: Random, from: Amount): SecondFactor {
  return { secret: random(SECRET_LENGTH), from, tries: TRIES, lastWindow: 0 };
}

export function needsSecondFactor(factor: SecondFactor | undefined, amount: Amount): boolean {
  return factor !== undefined && amount >= factor.from;
}

/** What the second device shows, or the voice line says. @param time milliseconds. */
export function secondFactorCode(secret: Uint8Array, confirmed: Confirmed, time: number): string {
  return codeIn(secret, confirmed, windowOf(time));
}

/**
 * Compares a code at the purse. A try is taken before the code is compared: keep the row first, whatever it says.
 * @param time milliseconds. @throws Refusal `malformed`, which costs no try; `pin-blocked` when none is left.
 */
export function enterSecondFactor(
  factor: SecondFactor,
  confirmed: Confirmed,
  time: number,
  text: string,
): Entered {
  const code = parseShortCode(text);
  if (factor.tries === 0) {
    throw new Refusal("pin-blocked", "codes were entered wrong too often: the bank sets it anew");
  }
  const window = windowsAround(time)
    .filter((each) => each > factor.lastWindow)
    .find((each) => isSameCode(code, codeIn(factor.secret, confirmed, each)));
  if (window === undefined) {
    return { factor: { ...factor, tries: factor.tries - 1 }, isRight: false };
  }
  return { factor: { ...factor, tries: TRIES, lastWindow: window }, isRight: true };
}

function windowsAround(time: number): number[] {
  const present = windowOf(time);
  return Array.from({ length: 2 * DRIFT + 1 }, (_, i) => present - DRIFT + i);
}

function windowOf(time: number): number {
  return Math.floor(time / WINDOW_MS);
}

function codeIn(secret: Uint8Array, confirmed: Confirmed, window: number): string {
  const { networkId, amount, payee } = confirmed;
  const body = new Writer(36).u64(amount).fixed(fromHex(payee), OWNER_LENGTH).safe(window).done();
  return shortCode(secret, message("second-factor", networkId, body));
}
