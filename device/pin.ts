/**
 * The PIN: with it the holder says that money may leave. A purse that has one pays, redeems and locks money
 * to a code only while it is unlocked: from the right PIN on, until it is locked or opened again. It is
 * paid, confirms and syncs without. A try is counted, durably, before it is compared, so that no cut gives
 * one back. Three wrong ones block the PIN; the unblocking code (PUK) sets another, and ten wrong ones of
 * that block it for good: what is left then is to have the bank block the device and return the money.
 *
 * In a chip or an element the PIN keeps a finder from paying. In software it keeps from paying whoever has
 * the wallet in hand. It keeps nobody from the money who reads the purse's files or its program's memory:
 * the device key and the count of tries lie there too, and four digits are soon tried. Such a purse is as
 * safe as the account of the person on whose machine it is.
 */
import { sha256 } from "#sha256";
import { concat, equalBytes, utf8 } from "../protocol/bytes.ts";
import type { Random } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import { type Draft, type PinRow, SALT_LENGTH } from "./purse-tables.ts";

/** What a holder may enter. */
export type Secret = "pin" | "puk";

const TRIES = { pin: 3, puk: 10 } as const;

/** An unblocking code, for the holder to write down before a PIN is set with it. */
export function makeUnblockingCode(random: Random): string {
  const number = random(8).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return (number % 100_000_000n).toString().padStart(8, "0");
}

/** @throws Refusal `conflict` if there is a PIN, `malformed`. */
export function setPin(draft: Draft, pin: string, puk: string, random: Random): void {
  if (draft.get("pin", "") !== undefined) throw new Refusal("conflict", "the purse has a PIN");
  checkForm("pin", pin);
  checkForm("puk", puk);
  const salt = random(SALT_LENGTH);
  draft.put("pin", "", { salt, pin: hashOf(salt, pin), puk: hashOf(salt, puk), tries: TRIES });
}

/**
 * Takes a try away; `checkSecret` follows when that is durable.
 * @throws Refusal `not-found` without a PIN, `pin-blocked`, `puk-blocked`.
 */
export function countTry(draft: Draft, secret: Secret): void {
  const row = rowOf(draft);
  checkTries(row, secret);
  draft.put("pin", "", { ...row, tries: { ...row.tries, [secret]: row.tries[secret] - 1 } });
}

/** Compares what was entered: the right one gives its tries back. @throws Refusal `wrong-pin`, or that it is blocked now. */
export function checkSecret(draft: Draft, secret: Secret, entered: string): void {
  const row = rowOf(draft);
  if (equalBytes(hashOf(row.salt, entered), row[secret])) {
    draft.put("pin", "", { ...row, tries: { ...row.tries, [secret]: TRIES[secret] } });
    return;
  }
  checkTries(row, secret);
  throw new Refusal("wrong-pin", `it is wrong, and ${row.tries[secret]} tries are left`);
}

/** Another PIN, with all its tries. Who may set it has been checked. */
export function replacePin(draft: Draft, pin: string): void {
  const row = rowOf(draft);
  const tries = { ...row.tries, pin: TRIES.pin };
  draft.put("pin", "", { ...row, pin: hashOf(row.salt, pin), tries });
}

/** @throws Refusal `malformed`. */
export function checkForm(secret: Secret, entered: string): void {
  if (secret === "pin" && !/^\d{4,12}$/.test(entered)) {
    throw new Refusal("malformed", "a PIN has 4 to 12 digits");
  }
  if (secret === "puk" && !/^\d{8}$/.test(entered)) {
    throw new Refusal("malformed", "an unblocking code has 8 digits");
  }
}

function rowOf(draft: Draft): PinRow {
  const row = draft.get("pin", "");
  if (row === undefined) throw new Refusal("not-found", "the purse has no PIN");
  return row;
}

function checkTries({ tries }: PinRow, secret: Secret): void {
  if (tries[secret] > 0) return;
  if (secret === "pin") throw new Refusal("pin-blocked", "the PIN was entered wrong too often");
  throw new Refusal("puk-blocked", "the unblocking code was entered wrong too often");
}

function hashOf(salt: Uint8Array, entered: string): Uint8Array {
  return sha256(concat(salt, utf8.encode(entered)));
}
