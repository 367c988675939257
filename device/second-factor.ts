/**
 * The second factor of offline payments: from an amount on that the bank has set, a payment needs a code that a
 * second device shows or the bank's voice line says, for just this amount and payee. Money that has left without a
 * code adds up until the next right one: who has the purse and its PIN, and not the second factor, pays less than
 * that amount in all, however small the payments. A sync does not begin the sum again, since a thief can sync, too.
 * (The rules for cards count alike: Regulation (EU) 2018/389, article 11, since the last strong authentication.)
 *
 * The bank's signed word sets it, changes it and takes it off, by rising versions, and no one else. A try is counted,
 * durably, before a code is compared; what a right code opens is in the same row, and is used up in the same write
 * that commits the coins. A redemption is the holder's own money coming home, and needs none.
 *
 * As with the PIN, what keeps the secret decides what that is worth: an element keeps it, a file does not. And it
 * takes a clock that is right to a minute.
 */
import { type Hex, toHex } from "../protocol/bytes.ts";
import type { KeptSecondFactor } from "../protocol/ask.ts";
import type { SealingKey } from "../protocol/hpke.ts";
import { limits } from "../protocol/limits.ts";
import type { Amount } from "../protocol/money.ts";
import { Refusal } from "../protocol/refusal.ts";
import {
  type Confirmed,
  formatPayeeNumber,
  WINDOW_DRIFT,
  WINDOW_MS,
  windowOfCode,
} from "../protocol/second-factor-code.ts";
import {
  checkSecondFactorGrantSignature,
  openSecret,
  type SignedSecondFactorGrant,
} from "../protocol/second-factor-grant.ts";
import { type Holder, knowledgeOf } from "./holder.ts";
import type { Draft, SecondFactor } from "./purse-tables.ts";
import { checkIssuedBy, memberOf } from "./trust.ts";

const TRIES = 3;

/** What the device keeps of its bank's words: on its own payments, and on those of devices it shows codes for. */
export function keptSecondFactors(holder: Holder, draft: Draft): KeptSecondFactor[] {
  const own = draft.get("secondFactor", "");
  const kept = draft.rows("shownFactors").map(([key, { version }]) => {
    return { device: key as Hex, version };
  });
  if (own !== undefined) kept.push({ device: holder.key, version: own.version });
  return kept.sort((a, b) => (a.device < b.device ? -1 : 1));
}

/**
 * Takes the bank's word. One that is not newer than what is kept changes nothing.
 * @param key made for the answer that brought it.
 * @throws Refusal `not-for-us` for another device's or bank's, or one that answers another question; `bad-signature`.
 */
export async function takeSecondFactor(
  holder: Holder,
  draft: Draft,
  grant: SignedSecondFactorGrant,
  key: SealingKey,
): Promise<void> {
  checkGrant(holder, draft, grant);
  const { version, from } = grant;
  const device = toHex(grant.device);
  const isOwn = device === holder.key;
  const held = isOwn ? draft.get("secondFactor", "") : draft.get("shownFactors", device);
  if (held !== undefined && held.version >= version) return;
  if (from === 0n) {
    if (isOwn) draft.put("secondFactor", "", { version });
    else draft.remove("shownFactors", device);
    return;
  }
  const secret = await openSecret(holder.networkId, grant, key);
  if (isOwn) {
    const fresh = { secret, from, tries: TRIES, lastWindow: 0, unconfirmed: 0n };
    draft.put("secondFactor", "", { version, factor: fresh });
  } else {
    draft.put("shownFactors", device, { version, secret, from });
    if (keptSecondFactors(holder, draft).length > limits.secondFactorsMax) {
      throw new Refusal("too-large", `a device shows codes for ${limits.secondFactorsMax - 1}`);
    }
  }
}

/** Whether a payment of this much needs a code now. */
export function needsCode({ unconfirmed, from }: SecondFactor, amount: Amount): boolean {
  return unconfirmed + amount >= from;
}

/**
 * Lets a payment go that is being fixed, and counts it.
 * @param now milliseconds. @throws Refusal `second-factor-needed`, `second-factor-blocked`.
 */
export function confirmPayment(draft: Draft, payment: Confirmed, now: number): void {
  const factor = draft.get("secondFactor", "")?.factor;
  if (factor === undefined) return;
  const { amount, payee } = payment;
  if (isOpened(factor, payment, now)) {
    keep(draft, { ...factor, unconfirmed: 0n, opened: undefined });
  } else if (!needsCode(factor, amount)) {
    keep(draft, { ...factor, unconfirmed: factor.unconfirmed + amount });
  } else {
    checkTries(factor);
    const number = formatPayeeNumber(payee);
    throw new Refusal("second-factor-needed", `a code confirms ${amount} to payee ${number}`);
  }
}

/** Takes a try away; `checkCode` follows when that is durable. @throws Refusal `not-found`, `second-factor-blocked`. */
export function countTry(draft: Draft): void {
  const factor = factorOf(draft);
  checkTries(factor);
  keep(draft, { ...factor, tries: factor.tries - 1 });
}

/**
 * Compares a code: the right one opens the payment, until its minute is over, and gives the tries back.
 * @param code eight digits. @param now milliseconds.
 * @throws Refusal `wrong-second-factor`, or that it is blocked now.
 */
export function checkCode(
  networkId: Uint8Array,
  draft: Draft,
  payment: Confirmed,
  code: string,
  now: number,
): void {
  const factor = factorOf(draft);
  const around = { time: now, lastWindow: factor.lastWindow };
  const window = windowOfCode(networkId, factor.secret, payment, around, code);
  if (window === undefined) {
    checkTries(factor);
    const left = `${factor.tries} tries are left`;
    throw new Refusal("wrong-second-factor", `it is not the code of this payment, and ${left}`);
  }
  const opened = { ...payment, until: (window + 1 + WINDOW_DRIFT) * WINDOW_MS };
  keep(draft, { ...factor, tries: TRIES, lastWindow: window, opened });
}

function checkGrant(holder: Holder, draft: Draft, grant: SignedSecondFactorGrant): void {
  const { networkId, member, verifier } = holder;
  if (grant.member !== member || toHex(grant.keeper) !== holder.key) {
    throw new Refusal("not-for-us", "the grant is for another device, or by another member");
  }
  const known = knowledgeOf(holder, draft);
  checkIssuedBy(known, memberOf(known, member), (issuer) =>
    checkSecondFactorGrantSignature(networkId, grant, issuer, verifier),
  );
}

function isOpened({ opened }: SecondFactor, { amount, payee }: Confirmed, now: number): boolean {
  return opened?.amount === amount && opened.payee === payee && now < opened.until;
}

function factorOf(draft: Draft): SecondFactor {
  const factor = draft.get("secondFactor", "")?.factor;
  if (factor === undefined) throw new Refusal("not-found", "the purse has no second factor");
  return factor;
}

function checkTries({ tries }: SecondFactor): void {
  if (tries > 0) return;
  throw new Refusal("second-factor-blocked", "codes were entered wrong too often");
}

function keep(draft: Draft, factor: SecondFactor): void {
  const { version } = draft.get("secondFactor", "")!;
  draft.put("secondFactor", "", { version, factor });
}
