/**
 * A private key in memory, for where there is no HSM. It signs; it shows itself to nobody who prints
 * it, logs it or turns it into JSON, and hands out its bytes on one call alone.
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { inspect } from "node:util";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { Signer } from "../../protocol/signature.ts";
import { signTypedDigest } from "../../protocol/typed-data.ts";

/**
 * - `P-256`: issuer, treasury, intake and trust keys. Signs SHA-256 of a message: 64 bytes, low s.
 * - `secp256k1`: validator and account keys. Signs a digest of 32 bytes as it is: 65 bytes r ‖ s ‖ v.
 * - `Ed25519`: a node's place in the peer-to-peer network. Signs a message: 64 bytes.
 */
export const keyKinds = ["P-256", "secp256k1", "Ed25519"] as const;
export type KeyKind = (typeof keyKinds)[number];

/** A key that signs where it lies: in memory, or in an HSM behind the same interface. */
export interface KeyHolder extends Signer {
  readonly kind: KeyKind;
  /** Compressed, 33 bytes; 32 bytes for Ed25519. */
  readonly publicKey: Uint8Array;
  /** Raw, in the one form that `KeyKind` describes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const SECRET_LENGTH = 32;
/** PKCS #8 of an Ed25519 key up to its seed (RFC 8410). */
const ED25519_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

type Software = Pick<KeyHolder, "publicKey" | "sign">;

const software: Record<KeyKind, (secret: Uint8Array) => Software> = {
  "P-256": (secret) => NodeSigner.fromScalar(secret),
  secp256k1: (secret) => ({
    publicKey: secp256k1.getPublicKey(secret, true),
    sign: async (digest) => signTypedDigest(secret, digest),
  }),
  Ed25519(seed) {
    const key = createPrivateKey({
      key: Buffer.concat([ED25519_HEAD, seed]),
      format: "der",
      type: "pkcs8",
    });
    return { publicKey: ed25519PublicKey(key), sign: async (message) => sign(null, message, key) };
  },
};

const isSecret: Record<KeyKind, (bytes: Uint8Array) => boolean> = {
  "P-256": (bytes) => p256.utils.isValidSecretKey(bytes),
  secp256k1: (bytes) => secp256k1.utils.isValidSecretKey(bytes),
  Ed25519: (bytes) => bytes.length === SECRET_LENGTH,
};

export class StoredKey implements KeyHolder {
  readonly kind: KeyKind;
  readonly publicKey: Uint8Array;
  readonly #secret: Uint8Array;
  readonly #software: Software;

  /**
   * @param secret 32 bytes: a scalar from 1 to n − 1, or an Ed25519 seed.
   * @throws RangeError on bytes that are no private key, without showing them.
   */
  constructor(kind: KeyKind, secret: Uint8Array) {
    if (!isSecret[kind](secret))
      throw new RangeError(`these bytes are no private key of kind ${kind}`);
    this.kind = kind;
    this.#secret = secret.slice();
    this.#software = software[kind](this.#secret);
    this.publicKey = this.#software.publicKey;
  }

  /** @param random so many bytes that nobody can guess. */
  static generate(kind: KeyKind, random: (length: number) => Uint8Array = randomBytes): StoredKey {
    for (;;) {
      const secret = new Uint8Array(random(SECRET_LENGTH));
      // One in 2^32 is no scalar of P-256.
      if (isSecret[kind](secret)) return new StoredKey(kind, secret);
    }
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    return await this.#software.sign(message);
  }

  /** A copy of the private key, for the key file and for libraries that must sign by themselves. */
  reveal(): Uint8Array {
    return this.#secret.slice();
  }

  toJSON(): { kind: KeyKind; publicKey: Hex } {
    return { kind: this.kind, publicKey: toHex(this.publicKey) };
  }

  [inspect.custom](): string {
    return `StoredKey(${this.kind} ${toHex(this.publicKey)})`;
  }
}

function ed25519PublicKey(key: KeyObject): Uint8Array {
  const { x } = createPublicKey(key).export({ format: "jwk" });
  return new Uint8Array(Buffer.from(x!, "base64url"));
}
