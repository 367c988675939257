/**
 * Argon2id (RFC 9106) for strangers' passwords. A computation takes tens of milliseconds of a thread and 19 MiB,
 * which anyone can ask for: so few run at a time, and beyond a bound they are turned away before any is begun.
 */
import { argon2 } from "node:crypto";
import { promisify } from "node:util";
import { Refusal } from "../protocol/refusal.ts";
import { Serial } from "./serial.ts";

/** OWASP's least memory for Argon2id, and what claims are made with (protocol/claim-code.ts); some 60 ms of a core. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;
/** Threads that compute, of the four that Node has for everything. */
const THREADS = 2;
/** Computations that wait: five seconds' worth. */
const WAITING_MAX = 64;

const compute = promisify(argon2);

export class Argon2Threads {
  readonly #threads = Array.from({ length: THREADS }, () => new Serial());
  #waiting = 0;
  #turn = 0;

  /** @returns 32 bytes. @throws Refusal `busy`. */
  async compute(password: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
    if (this.#waiting >= WAITING_MAX) {
      throw new Refusal("busy", `${WAITING_MAX} passwords are being compared`);
    }
    this.#waiting += 1;
    this.#turn = (this.#turn + 1) % THREADS;
    try {
      return await this.#threads[this.#turn]!.run(() =>
        compute("argon2id", { message: password, nonce: salt, ...COST }),
      );
    } finally {
      this.#waiting -= 1;
    }
  }
}
