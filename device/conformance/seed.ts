/**
 * What a run of the kit is made from: keys and bytes that follow from a seed and a name, so that the same
 * seed plays the same banks and the same strangers again, byte for byte.
 */
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "#sha256";
import { concat, utf8 } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Random } from "../../protocol/random.ts";
import type { Signer } from "../../protocol/signature.ts";

/** A P-256 key that is known by its name; its signatures are deterministic (RFC 6979). */
export type NamedKey = Signer & { readonly privateKey: Uint8Array; readonly owner: Owner };

export class Seed {
  readonly text: string;
  readonly #keys = new Map<string, NamedKey>();

  constructor(text: string) {
    this.text = text;
  }

  /** The bytes that a name stands for. */
  bytes(name: string, length: number): Uint8Array {
    const blocks: Uint8Array[] = [];
    for (let i = 0; i * 32 < length; i++) {
      blocks.push(sha256(utf8.encode(`${this.text}/${name}/${i}`)));
    }
    return concat(...blocks).slice(0, length);
  }

  key(name: string): NamedKey {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = keyOf(this.bytes(`key ${name}`, 48));
    this.#keys.set(name, key);
    return key;
  }

  /** Randomness that repeats: the n-th draw of a name is always the same. */
  random(name: string): Random {
    let draws = 0;
    return (length) => this.bytes(`${name} ${draws++}`, length);
  }
}

function keyOf(bytes: Uint8Array): NamedKey {
  const privateKey = p256.utils.randomSecretKey(bytes);
  const publicKey = p256.getPublicKey(privateKey, true);
  return {
    privateKey,
    publicKey,
    owner: ownerOf(publicKey),
    sign: async (message) => p256.sign(message, privateKey, { lowS: true, prehash: true }),
  };
}
