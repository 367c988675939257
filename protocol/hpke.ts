/**
 * Sealing to one reader: HPKE (RFC 9180) in base mode with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and
 * AES-128-GCM. The one door to the library, which runs on WebCrypto and so in browsers and on Node.
 * Each seal takes an ephemeral key of its own: using one twice would show both messages.
 */
import { pointOf, uncompressed } from "#point";
import { Aes128Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "@hpke/core";
import { p256 } from "@noble/curves/nist.js";
import { encodeBase64Url } from "./base64url.ts";
import { concat } from "./bytes.ts";
import type { Random } from "./random.ts";
import { Refusal } from "./refusal.ts";

/** An uncompressed point: how RFC 9180 writes the sealer's ephemeral key. */
export const ENC_LENGTH = 65;
/** AES-GCM's tag, at the end of the ciphertext. */
export const TAG_LENGTH = 16;

/** A key that messages are sealed to, or that seals one. */
export type SealingKey = {
  /** A scalar of 32 bytes, 1 … n − 1. */
  readonly privateKey: Uint8Array;
  /** Compressed, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** The same uncompressed, 65 bytes: to find it again costs a square root. */
  readonly point: Uint8Array;
};

export type Sealed = {
  /** The sealer's ephemeral public key, 65 bytes. */
  readonly enc: Uint8Array;
  /** The tag ends it. */
  readonly ciphertext: Uint8Array;
};

const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
});

export function makeSealingKey(random: Random): SealingKey {
  // 48 bytes, so that reducing them to a scalar leaves no bias (FIPS 186-5 A.2.1).
  return sealingKeyOf(p256.utils.randomSecretKey(random(48)));
}

export function sealingKeyOf(privateKey: Uint8Array): SealingKey {
  const point = pointOf(privateKey);
  const sign = 2 + (point.at(-1)! & 1);
  return { privateKey, point, publicKey: concat(Uint8Array.of(sign), point.subarray(1, 33)) };
}

/**
 * @param recipient a compressed key that is on the curve. @param info binds the message to its occasion.
 * @param aad what is bound and travels open. @param ephemeral fresh for this message.
 */
export async function seal(
  recipient: Uint8Array,
  plaintext: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  ephemeral: SealingKey,
): Promise<Sealed> {
  const sender = await suite.createSenderContext({
    recipientPublicKey: await suite.kem.deserializePublicKey(pointAt(recipient)),
    info,
    ekm: await keyPair(ephemeral),
  });
  const ciphertext = await sender.seal(plaintext, aad);
  return { enc: new Uint8Array(sender.enc), ciphertext: new Uint8Array(ciphertext) };
}

/** @throws Refusal `not-for-us` when it was sealed to another key or occasion, or was changed. */
export async function open(
  recipient: SealingKey,
  sealed: Sealed,
  info: Uint8Array,
  aad: Uint8Array,
): Promise<Uint8Array> {
  const recipientKey = await keyPair(recipient);
  try {
    const reader = await suite.createRecipientContext({ recipientKey, enc: sealed.enc, info });
    return new Uint8Array(await reader.open(sealed.ciphertext, aad));
  } catch {
    throw new Refusal("not-for-us", "the message does not open with our key");
  }
}

/** Both halves as the library wants them: it need not derive one from the other, which not every browser can. */
async function keyPair({ privateKey, point }: SealingKey) {
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: encodeBase64Url(point.subarray(1, 33)),
    y: encodeBase64Url(point.subarray(33)),
    d: encodeBase64Url(privateKey),
  };
  return {
    privateKey: await suite.kem.importKey("jwk", jwk, false),
    publicKey: await suite.kem.deserializePublicKey(point),
  };
}

function pointAt(publicKey: Uint8Array): Uint8Array {
  const point = uncompressed(publicKey);
  if (point === undefined) throw new Error("the recipient's key is not on the curve");
  return point;
}
