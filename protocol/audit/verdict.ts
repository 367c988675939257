/**
 * The last message of a holder: that it has its share of the key, by proof, or that a dealer gave it a wrong
 * one, with what lets everyone see so.
 *
 *     ceremony 32 | holder u8 | deals 32 | kind u8
 *     | kind 0, held: proof 64 | kind 1, a complaint: dealer u8 | opening key 32
 *     | signature 64
 *
 * Deals is the hash of all deals: every holder judges the same. The proof shows that it knows the logarithm
 * of its public share, by message("possession", …). The opening key is the private half of the one sealing
 * key that the complainer's pledge keeps for that dealer: with it anyone opens the share, and no other.
 */
import { fromHex, type Hex, Reader, toHex } from "../bytes.ts";
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

const HELD = 0;
const COMPLAINT = 1;
const OPENING_KEY_LENGTH = 32;

export type Finding =
  | { readonly kind: "held"; readonly proof: Uint8Array }
  | { readonly kind: "complaint"; readonly dealer: number; readonly openingKey: Uint8Array };

export type Verdict = StepHead & { readonly deals: Hex; readonly finding: Finding };

export type SignedVerdict = SignedStep<Verdict>;

/** @throws RangeError if the fields break the format. */
export async function signVerdict(
  networkId: Uint8Array,
  fields: Verdict,
  signer: Signer,
): Promise<SignedVerdict> {
  const { deals, finding } = fields;
  const writer = startStep(fields).fixed(fromHex(deals), HASH_LENGTH);
  if (finding.kind === "held") writer.u8(HELD).fixed(finding.proof, LOG_PROOF_LENGTH);
  else writer.u8(COMPLAINT).u8(finding.dealer).fixed(finding.openingKey, OPENING_KEY_LENGTH);
  return decodeVerdict(await signStep("verdict", networkId, writer.done(), signer));
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeVerdict(bytes: Uint8Array): SignedVerdict {
  const reader = new Reader(bytes);
  const head = readStepHead(reader);
  const deals = toHex(reader.take(HASH_LENGTH, "deals"));
  return endStep(reader, "verdict", { ...head, deals, finding: readFinding(reader) });
}

function readFinding(reader: Reader): Finding {
  const kind = reader.u8("kind");
  if (kind === HELD) return { kind: "held", proof: reader.take(LOG_PROOF_LENGTH, "proof") };
  if (kind !== COMPLAINT) throw reader.refuse(`kind ${kind} is unknown`, "kind", 1);
  const dealer = reader.count(1, 1, limits.shareHoldersMax, "dealer");
  return { kind: "complaint", dealer, openingKey: reader.take(OPENING_KEY_LENGTH, "openingKey") };
}
