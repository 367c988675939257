/**
 * Every record body that devices have signed, by the coins it spends: an honest device signs one for each
 * coin, whatever happens to it. Two would be a double spend in the eyes of everyone.
 */
import { expect } from "chai";
import { toHex } from "../../../protocol/bytes.ts";
import { message } from "../../../protocol/message.ts";
import type { Signer } from "../../../protocol/signature.ts";
import { keyOf } from "../../support/ledger-parts.ts";
import { networkId } from "./world.ts";

const OUTPOINT_LENGTH = 33;
const start = message("record", networkId, new Uint8Array());

export class Bodies {
  readonly #byCoin = new Map<string, string>();

  /** The device's key; what it signs is noted. */
  signerOf(name: string): Signer {
    const signer = keyOf(name);
    return {
      publicKey: signer.publicKey,
      sign: (signed) => {
        if (toHex(signed).startsWith(toHex(start))) this.#note(name, signed.subarray(start.length));
        return signer.sign(signed);
      },
    };
  }

  /** Layout of a body: kind u8 | inputs u8 | outpoint × | … */
  #note(name: string, body: Uint8Array): void {
    for (let i = 0; i < body[1]!; i++) {
      const at = 2 + i * OUTPOINT_LENGTH;
      const coin = toHex(body.subarray(at, at + OUTPOINT_LENGTH));
      const before = this.#byCoin.get(coin);
      expect(before ?? toHex(body), `${name} signs two bodies for coin ${coin}`).to.equal(
        toHex(body),
      );
      this.#byCoin.set(coin, toHex(body));
    }
  }

  /** For another journey of the same devices. */
  forget(): void {
    this.#byCoin.clear();
  }

  /** How many coins a body was signed for. */
  get coins(): number {
    return this.#byCoin.size;
  }
}
