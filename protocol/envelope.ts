/**
 * The envelope: who stands behind a device key, or what a payment was for, sealed to the regulators' audit
 * key. The ledger carries it and never opens it.
 *
 *     version u8 | epoch u32 | R 33 | proof 64 | ciphertext | tag 16
 *
 * R = rG, and the proof shows that whoever sealed it knew r, for this device key and epoch: nobody can lift
 * an envelope into another's enrolment and have it opened there. It is a Schnorr proof c ‖ z with
 * c = SHA-256(message ‖ A) mod n, A = kG, z = k + c·r, over m = message("envelope", deviceKey ‖ epoch ‖ R).
 * The text is under AES-128-GCM with HKDF-SHA256(x(r·K), no salt, info m); a key is used once, so its nonce
 * is zero. A record's memo is sealed in the same way, under the key that signs the record.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 as portableSha256 } from "@noble/hashes/sha2.js";
import { Reader, Writer } from "./bytes.ts";
import { KEY_LENGTH, readKeyOnCurve } from "./key.ts";
import { limits } from "./limits.ts";
import {
  BASE,
  Fn,
  isLogProof,
  LOG_PROOF_LENGTH,
  type Point,
  pointOf,
  proveLog,
  randomScalar,
} from "./log-proof.ts";
import { message } from "./message.ts";
import type { Random } from "./random.ts";
import { Refusal } from "./refusal.ts";

export const ENVELOPE_VERSION = 1;

const TAG_LENGTH = 16;
/** What an envelope adds to the text it seals. */
export const ENVELOPE_OVERHEAD = 1 + 4 + KEY_LENGTH + LOG_PROOF_LENGTH + TAG_LENGTH;
/** The longest text, in bytes. */
export const SEALED_TEXT_MAX = limits.envelopeMax - ENVELOPE_OVERHEAD;

export type Envelope = {
  /** Which audit key it is sealed to. */
  readonly epoch: number;
  /** R = rG, compressed. Whoever holds a share x_i of the audit key opens with x_i·R. */
  readonly ephemeral: Uint8Array;
  /** c ‖ z. */
  readonly proof: Uint8Array;
  /** The text, and its tag. */
  readonly ciphertext: Uint8Array;
};

/** A public audit key on P-256, and the epoch in which it is the one to seal to. */
export type AuditKey = { readonly epoch: number; readonly publicKey: Uint8Array };

/**
 * Seals a text of at most 394 bytes under `deviceKey` to the audit key. Costs three multiplications.
 * @throws Refusal `too-large`.
 */
export async function sealEnvelope(
  networkId: Uint8Array,
  deviceKey: Uint8Array,
  audit: AuditKey,
  text: Uint8Array,
  random: Random,
): Promise<Uint8Array> {
  if (text.length > SEALED_TEXT_MAX) {
    throw new Refusal("too-large", `${text.length} bytes to seal, at most ${SEALED_TEXT_MAX}`);
  }
  const r = randomScalar(random);
  const ephemeral = BASE.multiply(r).toBytes(true);
  const context = contextOf(networkId, deviceKey, audit.epoch, ephemeral);
  const key = await contentKey(pointOf(audit.publicKey).multiply(r), context);
  const sealed = await crypto.subtle.encrypt(cipher, key, text.slice());
  return encodeEnvelope({
    epoch: audit.epoch,
    ephemeral,
    proof: proveLog(context, r, [BASE], random),
    ciphertext: new Uint8Array(sealed),
  });
}

/** Whether whoever sealed the envelope knew its secret, for this device key. @throws Refusal `bad-proof`. */
export function checkEnvelopeProof(
  networkId: Uint8Array,
  deviceKey: Uint8Array,
  envelope: Envelope,
): void {
  const context = contextOf(networkId, deviceKey, envelope.epoch, envelope.ephemeral);
  if (!isLogProof(context, [BASE], [pointOf(envelope.ephemeral)], envelope.proof)) {
    throw new Refusal("bad-proof", "the envelope was not sealed for this device key");
  }
}

/**
 * Opens an envelope with the whole audit key: 32 bytes, the private key of its epoch. The proof comes first.
 * @throws Refusal `bad-proof`; `cannot-open` under another key, or when a byte was changed.
 */
export async function openEnvelope(
  networkId: Uint8Array,
  deviceKey: Uint8Array,
  envelope: Envelope,
  privateKey: Uint8Array,
): Promise<Uint8Array> {
  const shared = pointOf(envelope.ephemeral).multiply(Fn.fromBytes(privateKey));
  return await openEnvelopeAt(networkId, deviceKey, envelope, shared);
}

/**
 * Opens an envelope with x·R, x being the audit key: what holders of shares make together, each with its
 * own, so that nobody ever has x. The proof comes first.
 * @throws Refusal `bad-proof`; `cannot-open` where the point is another, or a byte was changed.
 */
export async function openEnvelopeAt(
  networkId: Uint8Array,
  deviceKey: Uint8Array,
  envelope: Envelope,
  shared: Point,
): Promise<Uint8Array> {
  checkEnvelopeProof(networkId, deviceKey, envelope);
  const context = contextOf(networkId, deviceKey, envelope.epoch, envelope.ephemeral);
  const key = await contentKey(shared, context);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(cipher, key, envelope.ciphertext.slice()));
  } catch {
    throw new Refusal("cannot-open", `this is not the key that epoch ${envelope.epoch} seals to`);
  }
}

export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return new Writer(limits.envelopeMax)
    .u8(ENVELOPE_VERSION)
    .u32(envelope.epoch)
    .fixed(envelope.ephemeral, KEY_LENGTH)
    .fixed(envelope.proof, LOG_PROOF_LENGTH)
    .put(envelope.ciphertext)
    .done();
}

/** @throws Refusal `unsupported-version`; `malformed` naming field and offset. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const reader = new Reader(bytes);
  const version = reader.u8("version");
  if (version !== ENVELOPE_VERSION) {
    const place = { field: "version", offset: 0 };
    throw new Refusal("unsupported-version", `envelopes of version ${version} are unknown`, place);
  }
  const epoch = reader.u32("epoch");
  const ephemeral = readKeyOnCurve(reader, "ephemeral");
  const proof = reader.take(LOG_PROOF_LENGTH, "proof");
  const length = reader.remaining;
  if (length < TAG_LENGTH || bytes.length > limits.envelopeMax) {
    throw reader.refuse(`an envelope has no ${length} bytes of ciphertext`, "ciphertext");
  }
  return { epoch, ephemeral, proof, ciphertext: reader.take(length, "ciphertext") };
}

/** Slices below are copies: WebCrypto takes bytes of a plain ArrayBuffer alone. */
const cipher = { name: "AES-GCM", iv: new Uint8Array(12), tagLength: 128 } as const;

function contextOf(
  networkId: Uint8Array,
  deviceKey: Uint8Array,
  epoch: number,
  ephemeral: Uint8Array,
): Uint8Array {
  const body = new Writer(70).fixed(deviceKey, KEY_LENGTH).u32(epoch).fixed(ephemeral, KEY_LENGTH);
  return message("envelope", networkId, body.done());
}

/** The content key from the point r·K = x·R: its x coordinate, not its sign, is the secret. */
function contentKey(shared: Point, context: Uint8Array) {
  const x = shared.toBytes(true).subarray(1);
  const bytes = hkdf(portableSha256, x, new Uint8Array(), context, 16);
  return crypto.subtle.importKey("raw", bytes.slice(), "AES-GCM", false, ["encrypt", "decrypt"]);
}
