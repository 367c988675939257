/**
 * What a status word says. Words of ISO/IEC 7816-4 speak of the command; 9A and a number are a refusal by
 * the purse, of which `reason` tells the text. Numbers are for ever: new codes get new ones.
 */
import type { RefusalCode } from "../../protocol/refusal.ts";

export const statusWords = {
  done: 0x9000,
  /** The PIN, or the unblocking code, is blocked. */
  blocked: 0x6983,
  /** The last command of a chain was expected. */
  brokenChain: 0x6883,
  wrongLength: 0x6700,
  /** No application is selected, or nothing waits to be got. */
  notNow: 0x6985,
  notFound: 0x6a82,
  wrongParameters: 0x6a86,
  nothingToSay: 0x6a88,
  unknownCommand: 0x6d00,
  unknownClass: 0x6e00,
} as const;

const MORE = 0x6100;
const TRIES_LEFT = 0x63c0;
const REFUSED = 0x9a00;

const refusalNumbers: Record<RefusalCode, number> = {
  malformed: 0x01,
  "unsupported-version": 0x02,
  "too-large": 0x03,
  "bad-signature": 0x04,
  "bad-proof": 0x05,
  "cannot-open": 0x06,
  "failed-ceremony": 0x07,
  duplicate: 0x10,
  "unknown-coin": 0x11,
  spent: 0x12,
  "wrong-owner": 0x13,
  "wrong-preimage": 0x14,
  "not-reclaimable": 0x15,
  unbalanced: 0x16,
  "unknown-recipient": 0x17,
  "already-enrolled": 0x18,
  "unknown-member": 0x19,
  "not-for-us": 0x20,
  expired: 0x21,
  "not-yet-valid": 0x22,
  revoked: 0x23,
  "untrusted-issuer": 0x24,
  "over-guarantee": 0x25,
  "over-payment-limit": 0x26,
  "over-count-limit": 0x27,
  "over-balance-limit": 0x28,
  "over-depth-limit": 0x29,
  "wrong-amount": 0x2a,
  "insufficient-funds": 0x2b,
  "too-many-coins": 0x2c,
  "sync-needed": 0x2d,
  "false-receipt": 0x2e,
  "not-refundable": 0x2f,
  "over-refund": 0x30,
  "refunds-only": 0x31,
  "already-paid": 0x32,
  "pin-needed": 0x33,
  "wrong-pin": 0x34,
  "pin-blocked": 0x35,
  "puk-blocked": 0x36,
  "second-factor-needed": 0x37,
  "wrong-second-factor": 0x38,
  "second-factor-blocked": 0x39,
  "second-factor-waiting": 0x3a,
  unauthorised: 0x60,
  forbidden: 0x61,
  "not-found": 0x62,
  conflict: 0x63,
  "stale-request": 0x64,
  busy: 0x65,
  unavailable: 0x66,
  "not-granted": 0x67,
  "wrong-credentials": 0x68,
  "wrong-code": 0x69,
  "over-online-limit": 0x6a,
  "rate-limited": 0x6b,
  "wrong-claim": 0x6c,
  "code-locked": 0x6d,
  "claim-spent": 0x6e,
  "claim-expired": 0x6f,
  "bad-configuration": 0x70,
  "exposed-key": 0x71,
  "wrong-network": 0x72,
  "wrong-folder": 0x73,
  "in-use": 0x74,
  "lost-history": 0x75,
  "store-moved": 0x76,
};

const codesByNumber = new Map(
  Object.entries(refusalNumbers).map(([code, number]) => [number, code as RefusalCode]),
);

export function refusedWord(code: RefusalCode): number {
  return REFUSED + refusalNumbers[code];
}

/** The refusal that a status word says, if it says one. */
export function refusedCode(sw: number): RefusalCode | undefined {
  return (sw & 0xff00) === REFUSED ? codesByNumber.get(sw & 0xff) : undefined;
}

/** So many tries are left. */
export function triesWord(tries: number): number {
  return TRIES_LEFT + Math.min(tries, 0xf);
}

/** Whether a word says that a PIN was not right, or cannot be entered any more. */
export function isPinWord(sw: number): boolean {
  return (sw & 0xfff0) === TRIES_LEFT || sw === statusWords.blocked;
}

/** So many more bytes can be got, 256 standing for that many or more. */
export function moreWord(length: number): number {
  return MORE + (Math.min(length, 0x100) % 0x100);
}

/** How many bytes more can be got. */
export function moreLength(sw: number): number | undefined {
  if ((sw & 0xff00) !== MORE) return undefined;
  return sw === MORE ? 0x100 : sw & 0xff;
}
