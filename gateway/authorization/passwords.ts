/**
 * Payment passwords, as they are kept and compared: Argon2id (RFC 9106) with a salt of its own each, so that who
 * copies the store pays for every guess. A comparison takes tens of milliseconds of a thread and 19 MiB, which
 * strangers can ask for: so few run at a time, and beyond a bound they are turned away before any is begun.
 */
import { argon2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { fromHex, type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Random } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { Serial } from "../serial.ts";

export type PasswordHash = { readonly salt: Hex; readonly hash: Hex };

/** OWASP's least memory for Argon2id; some 60 ms of a core. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;
const SALT_LENGTH = 16;
/** Threads that compute, of the four that Node has for everything. */
const THREADS = 2;
/** Comparisons that wait: five seconds' worth. */
const WAITING_MAX = 64;
/** Digits alone are what a bank's own PIN is made of: this is to be another secret than that. */
const FORM = /^(?!\p{N}*$).{8,}$/su;

const compute = promisify(argon2);

export class Passwords {
  readonly #random: Random;
  readonly #threads = Array.from({ length: THREADS }, () => new Serial());
  #waiting = 0;
  #turn = 0;

  constructor(random: Random) {
    this.#random = random;
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

  async #compute(written: string, nonce: Uint8Array): Promise<Uint8Array> {
    if (this.#waiting >= WAITING_MAX) {
      throw new Refusal("busy", `${WAITING_MAX} passwords are being compared`);
    }
    this.#waiting += 1;
    this.#turn = (this.#turn + 1) % THREADS;
    try {
      return await this.#threads[this.#turn]!.run(() =>
        compute("argon2id", { message: utf8.encode(written), nonce, ...COST }),
      );
    } finally {
      this.#waiting -= 1;
    }
  }
}

/** However it was typed: one form of each character. */
function normalise(password: string): string {
  return password.normalize("NFKC");
}

function tooLong(written: string): boolean {
  return utf8.encode(written).length > limits.passwordMax;
}
