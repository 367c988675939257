/**
 * The first message of a holder: what it will say in its deal, as a hash, and the keys to seal its shares to.
 * It is bound before it sees anyone's part, so nobody can fit its own to the others'.
 *
 *     ceremony 32 | holder u8 | promise 32 | count u8 | sealing key 33 × count | signature 64
 *
 * promise = digest("commitments", ceremony ‖ holder ‖ the commitments of its deal). There is a sealing key
 * for each dealer, used once: to show that one share is wrong, its key alone is shown.
 */
import { fromHex, type Hex, Reader, toHex, Writer } from "../bytes.ts";
import { KEY_LENGTH, readKeyOnCurve } from "../key.ts";
import { limits } from "../limits.ts";
import { digest } from "../message.ts";
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

export type Pledge = StepHead & {
  readonly promise: Hex;
  /** The i-th is for the share that holder i + 1 deals. Compressed P-256. */
  readonly sealingKeys: readonly Uint8Array[];
};

export type SignedPledge = SignedStep<Pledge>;

/** @throws RangeError if the fields break the format. */
export async function signPledge(
  networkId: Uint8Array,
  fields: Pledge,
  signer: Signer,
): Promise<SignedPledge> {
  const writer = startStep(fields)
    .fixed(fromHex(fields.promise), HASH_LENGTH)
    .u8(fields.sealingKeys.length);
  for (const key of fields.sealingKeys) writer.fixed(key, KEY_LENGTH);
  return decodePledge(await signStep("pledge", networkId, writer.done(), signer));
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodePledge(bytes: Uint8Array): SignedPledge {
  const reader = new Reader(bytes);
  const head = readStepHead(reader);
  const promise = toHex(reader.take(HASH_LENGTH, "promise"));
  const count = reader.count(1, 1, limits.shareHoldersMax, "count");
  const sealingKeys = Array.from({ length: count }, (_, i) =>
    readKeyOnCurve(reader, `sealingKeys[${i}]`),
  );
  return endStep(reader, "pledge", { ...head, promise, sealingKeys });
}

/** What a holder promises of its commitments before it shows them. */
export function promiseOf(
  networkId: Uint8Array,
  { ceremony, holder }: StepHead,
  commitments: readonly Uint8Array[],
): Hex {
  const writer = new Writer(HASH_LENGTH + 1 + KEY_LENGTH * commitments.length)
    .fixed(fromHex(ceremony), HASH_LENGTH)
    .u8(holder);
  for (const commitment of commitments) writer.fixed(commitment, KEY_LENGTH);
  return toHex(digest("commitments", networkId, writer.done()));
}
