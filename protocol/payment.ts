/**
 * Message 2 of a payment: the bundle, sealed to the request's ephemeral key, so that the payee of this
 * request reads it and nobody else. Lists ride along from the fresher device; a payer that is behind says
 * which versions it holds, so that the payee can answer with newer ones.
 *
 *     version u8 | enc 65 | ciphertext, by HPKE of bundle | versions, as in a request | lists
 *     info: the request's digest; aad: the version byte
 */
import { Reader, Writer } from "./bytes.ts";
import { type Bundle, encodeBundle, readBundle } from "./bundle.ts";
import { type CarriedList, readLists, writeLists } from "./carried-lists.ts";
import { ENC_LENGTH, open, type SealingKey, seal, TAG_LENGTH } from "./hpke.ts";
import { limits } from "./limits.ts";
import { type ListVersion, readListVersions, writeListVersions } from "./list-version.ts";
import { Refusal } from "./refusal.ts";
import { requestDigest, type SignedRequest } from "./request.ts";
import { FORMAT_VERSION, readVersion } from "./version.ts";

export type Payment = {
  readonly bundle: Bundle;
  /** What the payer holds, if the request names newer lists; none otherwise. */
  readonly versions: readonly ListVersion[];
  readonly lists: readonly CarriedList[];
};

/** Version, key, tag; versions and their count; beside each list its kind and length, and their count. */
const FRAME_MAX =
  1 + ENC_LENGTH + TAG_LENGTH + 1 + 6 * limits.listVersionsMax + 1 + 3 * limits.listsMax;

/** @param ephemeral the payer's, fresh for this message. */
export async function sealPayment(
  networkId: Uint8Array,
  payment: Payment,
  request: SignedRequest,
  ephemeral: SealingKey,
): Promise<Uint8Array> {
  const plaintext = new Writer(1024).put(encodeBundle(payment.bundle));
  writeListVersions(plaintext, payment.versions);
  writeLists(plaintext, payment.lists);
  const { enc, ciphertext } = await seal(
    request.ephemeral,
    plaintext.done(),
    requestDigest(networkId, request),
    Uint8Array.of(FORMAT_VERSION),
    ephemeral,
  );
  return new Writer(1024).u8(FORMAT_VERSION).fixed(enc, ENC_LENGTH).put(ciphertext).done();
}

/**
 * Opens a payment with the key of the request that it answers.
 * @throws Refusal `unsupported-version`, `malformed` naming field and offset (of the plaintext for what
 *   is inside), `too-large`, `not-for-us`.
 */
export async function openPayment(
  networkId: Uint8Array,
  bytes: Uint8Array,
  request: SignedRequest,
  ephemeral: SealingKey,
): Promise<Payment> {
  const max = limits.bundleBytesMax + limits.listsBytesMax + FRAME_MAX;
  if (bytes.length > max) {
    throw new Refusal("too-large", `a payment of ${bytes.length} bytes, at most ${max}`);
  }
  const outer = new Reader(bytes);
  readVersion(outer, "payment");
  const enc = outer.take(ENC_LENGTH, "enc");
  if (outer.remaining < TAG_LENGTH) throw outer.refuse("ciphertext has no tag", "ciphertext");
  const ciphertext = outer.take(outer.remaining, "ciphertext");
  const info = requestDigest(networkId, request);
  const plaintext = await open(ephemeral, { enc, ciphertext }, info, Uint8Array.of(FORMAT_VERSION));
  const reader = new Reader(plaintext);
  const bundle = readBundle(networkId, reader);
  const versions = readListVersions(reader);
  const lists = readLists(reader);
  reader.end("payment");
  return { bundle, versions, lists };
}
