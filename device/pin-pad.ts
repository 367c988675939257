/** What the holder enters, and whether money may leave: see `pin.ts` for what a PIN is good for. */
import type { Random } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import {
  checkForm,
  checkSecret,
  countTry,
  makeUnblockingCode,
  replacePin,
  type Secret,
  setPin,
} from "./pin.ts";
import type { PurseCore } from "./purse-core.ts";
import type { Draft, Tries } from "./purse-tables.ts";

export type PinStatus = {
  /** Whether money may leave now. */
  readonly isUnlocked: boolean;
  readonly tries: Tries;
};

export class PinPad {
  readonly #core: PurseCore;
  readonly #random: Random;
  #isUnlocked = false;

  constructor(core: PurseCore, random: Random) {
    this.#core = core;
    this.#random = random;
  }

  /** Undefined while the purse has no PIN: money leaves without. */
  status(): PinStatus | undefined {
    const row = this.#core.view().get("pin", "");
    return row && { isUnlocked: this.#isUnlocked, tries: row.tries };
  }

  /** An unblocking code of eight digits, for the holder to write down before `set`. */
  makeUnblockingCode(): string {
    return makeUnblockingCode(this.#random);
  }

  /** Gives the purse a PIN, of 4 to 12 digits. @throws Refusal `conflict` if it has one, `malformed`. */
  set(pin: string, unblockingCode: string): Promise<void> {
    return this.#core.alone(async (draft) => setPin(draft, pin, unblockingCode, this.#random));
  }

  /** @throws Refusal `wrong-pin`, `pin-blocked`; `not-found` without a PIN. */
  async unlock(pin: string): Promise<void> {
    await this.#try("pin", pin);
  }

  /** @throws Refusal as `unlock` does; `malformed` for the next PIN, which costs no try. */
  change(pin: string, next: string): Promise<void> {
    return this.#replace("pin", pin, next);
  }

  /** Sets a PIN in place of one that is blocked or forgotten. @throws Refusal `wrong-pin`, `puk-blocked`, `malformed`. */
  unblock(unblockingCode: string, next: string): Promise<void> {
    return this.#replace("puk", unblockingCode, next);
  }

  lock(): void {
    this.#isUnlocked = false;
  }

  /** Whether money may leave. @throws Refusal `pin-needed`. */
  check(draft: Draft): void {
    if (draft.get("pin", "") === undefined || this.#isUnlocked) return;
    throw new Refusal("pin-needed", "the purse is locked");
  }

  async #replace(secret: Secret, entered: string, next: string): Promise<void> {
    checkForm("pin", next);
    await this.#try(secret, entered, (draft) => replacePin(draft, next));
  }

  /** The right secret unlocks. */
  async #try(secret: Secret, entered: string, then?: (draft: Draft) => void): Promise<void> {
    await this.#core.alone(async (draft, commit) => {
      countTry(draft, secret);
      await commit();
      checkSecret(draft, secret, entered);
      then?.(draft);
    });
    this.#isUnlocked = true;
  }
}
