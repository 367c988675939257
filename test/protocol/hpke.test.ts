/** HPKE against RFC 9180's own vector for our suite, and against node:crypto put together by hand. */
import { createDecipheriv, createECDH, createHmac } from "node:crypto";
import { expect } from "chai";
import { p256 } from "@noble/curves/nist.js";
import { concat, fromHex, toHex, utf8 } from "../../protocol/bytes.ts";
import { makeSealingKey, open, seal, sealingKeyOf } from "../../protocol/hpke.ts";
import { bytes, random } from "../../scripts/vectors/keys.ts";
import { refusalOf } from "./support/vectors.ts";

const hex = (digits: string) => fromHex(`0x${digits}`);

describe("HPKE", () => {
  /** RFC 9180, A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0. */
  it("gives the ciphertext of RFC 9180, appendix A.3.1, and opens it", async () => {
    const sender = sealingKeyOf(
      hex("4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb"),
    );
    const recipient = sealingKeyOf(
      hex("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2"),
    );
    const info = hex("4f6465206f6e2061204772656369616e2055726e");
    const aad = hex("436f756e742d30");
    const text = hex("4265617574792069732074727574682c20747275746820626561757479");
    const sealed = await seal(recipient.publicKey, text, info, aad, sender);
    expect(toHex(sealed.enc)).to.equal(
      "0x04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
    );
    expect(toHex(sealed.ciphertext)).to.equal(
      "0x5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
    );
    expect(toHex(await open(recipient, sealed, info, aad))).to.equal(toHex(text));
  });

  it("is what the RFC's key schedule gives on node:crypto", async () => {
    const recipient = makeSealingKey(random("recipient"));
    for (const length of [0, 1, 16, 1000]) {
      const text = bytes("text", length);
      const info = bytes("info", 32);
      const ephemeral = makeSealingKey(random(`ephemeral ${length}`));
      const sealed = await seal(recipient.publicKey, text, info, Uint8Array.of(1), ephemeral);
      const opened = openByHand(recipient.privateKey, sealed, info, Uint8Array.of(1));
      expect(toHex(opened)).to.equal(toHex(text));
    }
  });

  it("opens for one key, one occasion and what was bound to it, and for nothing else [R-107]", async () => {
    const recipient = makeSealingKey(random("recipient"));
    const other = makeSealingKey(random("other"));
    const [info, aad] = [bytes("info", 32), Uint8Array.of(1)];
    const ephemeral = makeSealingKey(random("ephemeral"));
    const sealed = await seal(recipient.publicKey, bytes("text", 50), info, aad, ephemeral);
    const changed = { ...sealed, ciphertext: sealed.ciphertext.with(3, sealed.ciphertext[3]! ^ 1) };
    for (const [key, what, occasion, bound] of [
      [other, sealed, info, aad],
      [recipient, sealed, bytes("other info", 32), aad],
      [recipient, sealed, info, Uint8Array.of(2)],
      [recipient, changed, info, aad],
      [recipient, { ...sealed, enc: sealed.enc.with(64, sealed.enc[64]! ^ 1) }, info, aad],
      [recipient, { ...sealed, ciphertext: new Uint8Array(16) }, info, aad],
    ] as const) {
      const refusal = await refusalOf(() => open(key, what, occasion, bound));
      expect(refusal.code).to.equal("not-for-us");
    }
    expect(toHex(await open(recipient, sealed, info, aad))).to.equal(toHex(bytes("text", 50)));
  });
});

/** RFC 9180, sections 4.1 and 5.1, for this one suite. */
function openByHand(
  privateKey: Uint8Array,
  { enc, ciphertext }: { enc: Uint8Array; ciphertext: Uint8Array },
  info: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  const kem = concat(utf8.encode("KEM"), Uint8Array.of(0, 16));
  const suite = concat(utf8.encode("HPKE"), Uint8Array.of(0, 16, 0, 1, 0, 1));
  const none = new Uint8Array();
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(privateKey);
  const context = concat(enc, p256.getPublicKey(privateKey, false));
  const prk = extract(kem, none, "eae_prk", ecdh.computeSecret(enc));
  const shared = expand(kem, prk, "shared_secret", context, 32);
  const schedule = concat(
    Uint8Array.of(0),
    extract(suite, none, "psk_id_hash", none),
    extract(suite, none, "info_hash", info),
  );
  const secret = extract(suite, shared, "secret", none);
  const key = expand(suite, secret, "key", schedule, 16);
  const decipher = createDecipheriv(
    "aes-128-gcm",
    key,
    expand(suite, secret, "base_nonce", schedule, 12),
  );
  decipher.setAAD(aad).setAuthTag(ciphertext.subarray(-16));
  return concat(decipher.update(ciphertext.subarray(0, -16)), decipher.final());
}

/** LabeledExtract. */
function extract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  const labelled = concat(utf8.encode("HPKE-v1"), suite, utf8.encode(label), ikm);
  return createHmac("sha256", salt.length === 0 ? new Uint8Array(32) : salt)
    .update(labelled)
    .digest();
}

/** LabeledExpand, of one block at most. */
function expand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const head = Uint8Array.of(length >> 8, length & 0xff);
  const labelled = concat(head, utf8.encode("HPKE-v1"), suite, utf8.encode(label), info);
  return createHmac("sha256", prk)
    .update(concat(labelled, Uint8Array.of(1)))
    .digest()
    .subarray(0, length);
}
