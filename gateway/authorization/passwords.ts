/**
 * Payment passwords, as they are kept and compared: Argon2id (RFC 9106) with a salt of its own each, so that who
 * copies the store pays for every guess.
 */
import { timingSafeEqual } from "node:crypto";
import { fromHex, type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Random } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { Argon2Threads } from "../argon2-threads.ts";

export type PasswordHash = { readonly salt: Hex; readonly hash: Hex };

const SALT_LENGTH = 16;
/** Digits alone are what a bank's own PIN is made of: this is to be another secret than that. */
const FORM = /^(?!\p{N}*$).{8,}$/su;

export class Passwords {
  readonly #random: Random;
  readonly #threads: Argon2Threads;

  constructor(random: Random, threads: Argon2Threads) {
    this.#random = random;
    this.#threads = threads;
  }

  /** @throws Refusal `malformed` for a password that is too short or too long, `busy`. */
  async hash(password: string): Promise<PasswordHash> {
    const written = normalise(password);
    if (!FORM.test(written) || tooLong(written)) {
      const most = limits.passwordMax;
      throw new Refusal(
        "malformed",
        `a payment password has at least 8 characters, not digits alone, and ${most} bytes at most`,
      );
    }
    const salt = this.#random(SALT_LENGTH);
    return { salt: toHex(salt), hash: toHex(await this.#compute(written, salt)) };
  }

  /** Whether it is the password that was hashed. @throws Refusal `busy`. */
  async isRight(password: string, known: PasswordHash): Promise<boolean> {
    // What is too long was never hashed: it is cut, so that it takes no longer than another.
    const written = normalise(password).slice(0, limits.passwordMax);
    const hash = await this.#compute(written, fromHex(known.salt));
    return timingSafeEqual(hash, fromHex(known.hash)) && !tooLong(normalise(password));
  }

  #compute(written: string, salt: Uint8Array): Promise<Uint8Array> {
    return this.#threads.compute(utf8.encode(written), salt);
  }
}

/** However it was typed: one form of each character. */
function normalise(password: string): string {
  return password.normalize("NFKC");
}

function tooLong(written: string): boolean {
  return utf8.encode(written).length > limits.passwordMax;
}
