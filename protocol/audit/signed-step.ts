/**
 * What the messages of a ceremony have in common: they begin with the ceremony and the holder, and end with
 * the holder's signature over all before it.
 *
 *     ceremony 32 | holder u8 | … | signature 64 by the holder's key over message(name, all before)
 */
import { type Hex, fromHex, type Reader, toHex, Writer } from "../bytes.ts";
import { limits } from "../limits.ts";
import { type MessageName, message } from "../message.ts";
import { Refusal } from "../refusal.ts";
import { SIGNATURE_LENGTH, type Signer, type Verifier } from "../signature.ts";
import type { CeremonyPlan } from "./plan.ts";

export const HASH_LENGTH = 32;

export type StepHead = {
  /** Id of the plan. */
  readonly ceremony: Hex;
  /** The number of the holder that says it. */
  readonly holder: number;
};

/** A message as it travels. Made by its reader and its signer alone. */
export type SignedStep<Fields> = Fields & {
  readonly signature: Uint8Array;
  /** The whole message, and its part that is signed. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

export type StepName = Extract<MessageName, "pledge" | "deal" | "verdict">;

export function startStep({ ceremony, holder }: StepHead): Writer {
  return new Writer(256).fixed(fromHex(ceremony), HASH_LENGTH).u8(holder);
}

export function readStepHead(reader: Reader): StepHead {
  const ceremony = toHex(reader.take(HASH_LENGTH, "ceremony"));
  return { ceremony, holder: reader.count(1, 1, limits.shareHoldersMax, "holder") };
}

/** The bytes of a message: its body and the holder's signature. */
export async function signStep(
  name: StepName,
  networkId: Uint8Array,
  body: Uint8Array,
  signer: Signer,
): Promise<Uint8Array> {
  const signature = await signer.sign(message(name, networkId, body));
  const size = body.length + SIGNATURE_LENGTH;
  return new Writer(size).put(body).fixed(signature, SIGNATURE_LENGTH).done();
}

/** To be called last: the signature ends a message. */
export function endStep<Fields>(
  reader: Reader,
  name: StepName,
  fields: Fields,
): SignedStep<Fields> {
  const body = reader.since(0);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  reader.end(name);
  return { ...fields, signature, bytes: reader.bytes, body };
}

/**
 * Checks that the steps are of this ceremony, one of each holder in their order, each signed by it.
 * @throws Refusal `conflict`, `bad-signature`, naming the holder.
 */
export function checkSteps(
  name: StepName,
  networkId: Uint8Array,
  ceremony: Hex,
  plan: CeremonyPlan,
  steps: readonly SignedStep<StepHead>[],
  verifier: Verifier,
): void {
  if (steps.length !== plan.holders.length) {
    const text = `${steps.length} messages "${name}" of ${plan.holders.length} holders`;
    throw new Refusal("conflict", text);
  }
  for (const [index, step] of steps.entries()) {
    const { signingKey, name: who } = plan.holders[index]!;
    if (step.ceremony !== ceremony || step.holder !== index + 1) {
      const text = `the ${name} of holder ${index + 1}, ${who}, is of another ceremony or holder`;
      throw new Refusal("conflict", text);
    }
    if (!verifier.verify(signingKey, message(name, networkId, step.body), step.signature)) {
      const text = `the ${name} of holder ${index + 1}, ${who}, is not signed by it`;
      throw new Refusal("bad-signature", text);
    }
  }
}
