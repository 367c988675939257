/**
 * The second message of a holder: the points of its polynomial, and to each holder its share, sealed.
 *
 *     ceremony 32 | holder u8 | pledges 32 | threshold u8 | commitment 33 × threshold | proof 64
 *     | count u8 | (enc 65 | ciphertext 48) × count | signature 64
 *
 * Pledges is the hash of all pledges: every dealer has seen the same. The proof shows that it knows the
 * logarithm of its first commitment, by message("possession", …). Each share is 32 bytes, sealed by HPKE to
 * the key that the recipient's pledge keeps for this dealer.
 */
import { fromHex, type Hex, Reader, toHex } from "../bytes.ts";
import { ENC_LENGTH, type Sealed, TAG_LENGTH } from "../hpke.ts";
import { KEY_LENGTH, readKeyOnCurve } from "../key.ts";
import { limits } from "../limits.ts";
import { LOG_PROOF_LENGTH } from "../log-proof.ts";
import type { Signer } from "../signature.ts";
import {
  endStep,
  HASH_LENGTH,
  readStepHead,
  type SignedStep,
  signStep,
  startStep,
  type StepHead,
} from "./signed-step.ts";

const SHARE_LENGTH = 32;
const SEALED_SHARE_LENGTH = SHARE_LENGTH + TAG_LENGTH;

export type Deal = StepHead & {
  readonly pledges: Hex;
  /** From the constant coefficient on. Compressed points. */
  readonly commitments: readonly Uint8Array[];
  /** c ‖ z. */
  readonly proof: Uint8Array;
  /** The i-th is for holder i + 1, the dealer itself among them. */
  readonly shares: readonly Sealed[];
};

export type SignedDeal = SignedStep<Deal>;

/** @throws RangeError if the fields break the format. */
export async function signDeal(
  networkId: Uint8Array,
  fields: Deal,
  signer: Signer,
): Promise<SignedDeal> {
  const writer = startStep(fields)
    .fixed(fromHex(fields.pledges), HASH_LENGTH)
    .u8(fields.commitments.length);
  for (const commitment of fields.commitments) writer.fixed(commitment, KEY_LENGTH);
  writer.fixed(fields.proof, LOG_PROOF_LENGTH).u8(fields.shares.length);
  for (const { enc, ciphertext } of fields.shares) {
    writer.fixed(enc, ENC_LENGTH).fixed(ciphertext, SEALED_SHARE_LENGTH);
  }
  return decodeDeal(await signStep("deal", networkId, writer.done(), signer));
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeDeal(bytes: Uint8Array): SignedDeal {
  const reader = new Reader(bytes);
  const head = readStepHead(reader);
  const pledges = toHex(reader.take(HASH_LENGTH, "pledges"));
  const threshold = reader.count(1, 1, limits.shareHoldersMax, "threshold");
  const commitments = Array.from({ length: threshold }, (_, i) =>
    readKeyOnCurve(reader, `commitments[${i}]`),
  );
  const proof = reader.take(LOG_PROOF_LENGTH, "proof");
  const count = reader.count(1, 1, limits.shareHoldersMax, "count");
  const shares = Array.from({ length: count }, (_, i) => ({
    enc: reader.take(ENC_LENGTH, `shares[${i}].enc`),
    ciphertext: reader.take(SEALED_SHARE_LENGTH, `shares[${i}].ciphertext`),
  }));
  return endStep(reader, "deal", { ...head, pledges, commitments, proof, shares });
}
