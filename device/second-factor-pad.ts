/**
 * What the holder enters to confirm a high amount, and what a second device shows for it: see `second-factor.ts` for
 * what it is good for. Both ask for the PIN first, so that a finder neither uses up the tries nor reads a code.
 */
import { fromHex, type Hex } from "../protocol/bytes.ts";
import { makeSealingKey, type SealingKey } from "../protocol/hpke.ts";
import type { SecondFactorsAsk } from "../protocol/ask.ts";
import { type Owner, ownerOf } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";
import { Refusal } from "../protocol/refusal.ts";
import {
  type Confirmed,
  payeeNumber,
  secondFactorCode,
  WINDOW_DRIFT,
  WINDOW_MS,
  windowOf,
} from "../protocol/second-factor-code.ts";
import type { SignedSecondFactorGrant } from "../protocol/second-factor-grant.ts";
import { parseShortCode } from "../protocol/short-code.ts";
import { type Holder, knowledgeOf } from "./holder.ts";
import type { PinPad } from "./pin-pad.ts";
import type { PurseCore } from "./purse-core.ts";
import {
  checkCode,
  countTry,
  keptSecondFactors,
  needsCode,
  takeSecondFactor,
} from "./second-factor.ts";

export type SecondFactorStatus = {
  /** Money that leaves without a code stays below it in all. */
  readonly from: Amount;
  /** What of it has left since the last code. */
  readonly unconfirmed: Amount;
  /** Wrong codes that may still be entered. */
  readonly tries: number;
};

/** What a code is for. Money under a claim code is nobody's yet: its payee is `NOBODY`. */
export type ToConfirm = { readonly amount: Amount; readonly payee: Owner };

/** A device whose codes this one shows, and from which amount on it needs one. */
export type ShownDevice = { readonly device: Owner; readonly from: Amount };

/** A code, and until when a purse takes it whose clock agrees, in milliseconds. */
export type ShownCode = { readonly code: string; readonly expires: number };

export class SecondFactorPad {
  readonly #holder: Holder;
  readonly #core: PurseCore;
  readonly #pin: PinPad;
  /** What the bank's answer is to be sealed to. */
  #reader: SealingKey | undefined;

  constructor(holder: Holder, core: PurseCore, pin: PinPad) {
    this.#holder = holder;
    this.#core = core;
    this.#pin = pin;
  }

  /** Undefined while the bank asks for none. */
  status(): SecondFactorStatus | undefined {
    const factor = this.#core.view().get("secondFactor", "")?.factor;
    return factor && { from: factor.from, unconfirmed: factor.unconfirmed, tries: factor.tries };
  }

  /** Whether a payment of this much needs a code now. */
  isNeeded(amount: Amount): boolean {
    const factor = this.#core.view().get("secondFactor", "")?.factor;
    return factor !== undefined && needsCode(factor, amount);
  }

  /**
   * Confirms one payment, which `pay` then makes: within the code's minute, or not at all.
   * @param code as people type it.
   * @throws Refusal `malformed`, which costs no try; `pin-needed`; `wrong-second-factor`, `second-factor-blocked`;
   *   `not-found` without a second factor.
   */
  async enter(payment: ToConfirm, code: string): Promise<void> {
    const digits = parseShortCode(code);
    const { networkId } = this.#holder;
    await this.#core.alone(async (draft, commit) => {
      this.#pin.check(draft);
      countTry(draft);
      await commit();
      const { now } = knowledgeOf(this.#holder, draft);
      checkCode(networkId, draft, confirmedOf(payment), digits, now);
    });
  }

  shown(): ShownDevice[] {
    const rows = this.#core.view().rows("shownFactors");
    return rows.map(([key, { from }]) => ({
      device: ownerOf(fromHex(key as Hex)),
      from,
    }));
  }

  /**
   * The code for a payment of another device's, as of now.
   * @param payment its payee by number, as the other device shows it.
   * @throws Refusal `pin-needed`; `not-found` if this device does not show its codes.
   */
  codeFor(device: Owner, payment: Confirmed): ShownCode {
    const { networkId } = this.#holder;
    const draft = this.#core.view();
    this.#pin.check(draft);
    const row = draft
      .rows("shownFactors")
      .find(([key]) => ownerOf(fromHex(key as Hex)) === device)?.[1];
    if (row === undefined) throw new Refusal("not-found", `no codes of ${device} are shown here`);
    const window = windowOf(knowledgeOf(this.#holder, draft).now);
    const code = secondFactorCode(networkId, row.secret, payment, window);
    return { code, expires: (window + 1 + WINDOW_DRIFT) * WINDOW_MS };
  }

  /** The question for the bank's words, with a key that stays here: only this purse can open the answer. */
  ask(): SecondFactorsAsk {
    this.#reader = makeSealingKey(this.#holder.random);
    const kept = keptSecondFactors(this.#holder, this.#core.view());
    return { kind: "second-factors", key: this.#reader.publicKey, kept };
  }

  /**
   * Takes the bank's words that answer the last question.
   * @throws Refusal `not-for-us` for another device's, another bank's, or another question's; `bad-signature`.
   */
  take(grants: readonly SignedSecondFactorGrant[]): Promise<void> {
    return this.#core.alone(async (draft) => {
      const reader = this.#reader;
      if (reader === undefined) throw new Refusal("not-for-us", "the purse has not asked");
      for (const grant of grants) await takeSecondFactor(this.#holder, draft, grant, reader);
    });
  }
}

function confirmedOf({ amount, payee }: ToConfirm): Confirmed {
  return { amount, payee: payeeNumber(payee) };
}
