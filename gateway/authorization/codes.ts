/**
 * Authorization codes. A code is a short code (protocol/short-code.ts) under a key that is drawn anew every
 * epoch, over a fresh nonce and all that it authorizes: order, amount, payee, account. So it cannot be
 * predicted from others, is good for one payment alone, and the rule by which codes are made changes with time.
 * Codes are not stored: they are made again to be compared. A key is let go of when its last code has expired,
 * and then nobody can say any more what a code was.
 */
import { fromHex, type Hex, toHex, Writer } from "../../protocol/bytes.ts";
import { message } from "../../protocol/message.ts";
import { orderDigest, type SignedPaymentOrder } from "../../protocol/payment-order.ts";
import type { Random } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { isSameCode, shortCode } from "../../protocol/short-code.ts";
import { keys, numberIn, ranges } from "../keys.ts";
import { Serial } from "../serial.ts";
import type { Store } from "../store.ts";

export type CodesParts = {
  readonly networkId: Uint8Array;
  readonly store: Store;
  readonly random: Random;
  readonly clock: () => number;
  /** How long a key makes codes. */
  readonly epochMs: number;
  /** How long a code is good. */
  readonly lifeMs: number;
};

/** What makes a code the one it is, beside the payment. */
export type CodeName = { readonly nonce: Hex; readonly epoch: number; readonly expires: number };

const KEY_LENGTH = 32;
const NONCE_LENGTH = 16;

export class Codes {
  readonly #parts: CodesParts;
  readonly #serial = new Serial();
  readonly #keys = new Map<number, Uint8Array>();

  private constructor(parts: CodesParts) {
    this.#parts = parts;
  }

  /** Finds the keys whose codes may still be on their way. */
  static async open(parts: CodesParts): Promise<Codes> {
    const codes = new Codes(parts);
    for await (const [key, value] of parts.store.entries(ranges.codeKeys)) {
      codes.#keys.set(numberIn(key), value);
    }
    return codes;
  }

  /** The name of a new code. Its key is durable when this returns. */
  async name(): Promise<CodeName> {
    const { clock, epochMs, lifeMs, random } = this.#parts;
    const now = clock();
    const epoch = Math.floor(now / epochMs);
    await this.#serial.run(() => this.#turnTo(epoch));
    return { nonce: toHex(random(NONCE_LENGTH)), epoch, expires: now + lifeMs };
  }

  /**
   * The code itself, eight digits.
   * @param account that pays. @throws Refusal `wrong-code` when the key is gone, and the code with it.
   */
  codeOf({ nonce, epoch }: CodeName, order: SignedPaymentOrder, account: string): string {
    const { networkId } = this.#parts;
    const key = this.#keys.get(epoch);
    if (key === undefined) throw expired();
    const confirmed = new Writer(160)
      .fixed(fromHex(nonce), NONCE_LENGTH)
      .put(orderDigest(networkId, order))
      .u64(order.amount)
      .put(fromHex(order.payee))
      .put(new TextEncoder().encode(account));
    return shortCode(key, message("authorization", networkId, confirmed.done()));
  }

  /** @throws Refusal `wrong-code` if it is another, or came too late. */
  check(entered: string, name: CodeName, order: SignedPaymentOrder, account: string): void {
    if (this.#parts.clock() >= name.expires) throw expired();
    if (!isSameCode(entered, this.codeOf(name, order, account))) {
      throw new Refusal("wrong-code", "this is not the code that was sent for the payment");
    }
  }

  /** Whether `check` takes it. */
  isRight(entered: string, name: CodeName, order: SignedPaymentOrder, account: string): boolean {
    if (this.#parts.clock() >= name.expires || !this.#keys.has(name.epoch)) return false;
    return isSameCode(entered, this.codeOf(name, order, account));
  }

  /** Draws the key of an epoch that has begun, and lets go of those whose codes have all expired. */
  async #turnTo(epoch: number): Promise<void> {
    if (this.#keys.has(epoch)) return;
    const { store, random, epochMs, lifeMs } = this.#parts;
    const key = random(KEY_LENGTH);
    const kept = epoch - Math.ceil(lifeMs / epochMs);
    const past = [...this.#keys.keys()].filter((each) => each < kept);
    await store.write([
      { key: keys.codeKey(epoch), value: key, old: null },
      ...past.map((each) => ({ key: keys.codeKey(each), value: null })),
    ]);
    this.#keys.set(epoch, key);
    for (const each of past) this.#keys.delete(each);
  }
}

function expired(): Refusal {
  return new Refusal("wrong-code", "the code has expired: ask for another");
}
