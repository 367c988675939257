/** An answer as it lies on the disk: AES-256-GCM under a secret of the one who asked. */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { decodeBase64Url, encodeBase64Url } from "../../protocol/base64url.ts";
import type { Random } from "../../protocol/random.ts";

const CIPHER = "aes-256-gcm";
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const OPTIONS = { authTagLength: TAG_LENGTH };

/** @param secret 32 bytes. @returns nonce, tag and ciphertext. */
export function sealAnswer(answer: unknown, secret: Uint8Array, random: Random): string {
  const nonce = random(NONCE_LENGTH);
  const cipher = createCipheriv(CIPHER, secret, nonce, OPTIONS);
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(answer), "utf8"), cipher.final()]);
  return encodeBase64Url(Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]));
}

/** @throws Error for another secret, or if it was changed. */
export function openAnswer(sealed: string, secret: Uint8Array): unknown {
  const bytes = decodeBase64Url(sealed);
  const [nonce, tag, ciphertext] = [
    bytes.subarray(0, NONCE_LENGTH),
    bytes.subarray(NONCE_LENGTH, NONCE_LENGTH + TAG_LENGTH),
    bytes.subarray(NONCE_LENGTH + TAG_LENGTH),
  ];
  const decipher = createDecipheriv(CIPHER, secret, nonce, OPTIONS).setAuthTag(tag);
  const text = Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8");
  return JSON.parse(text);
}
