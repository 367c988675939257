/**
 * The acknowledgement: a gateway's signed word that it has leaves durably and will see them sequenced.
 * It does not say that they apply: a statement says that.
 *
 *     root 32 | count u16 | received u64 | member u16
 *     | signature 64 by the issuer key over message("acknowledgement", all before)
 */
import { fromHex, type Hex, Reader, toHex, Writer } from "./bytes.ts";
import { limits } from "./limits.ts";
import { HASH_LENGTH, merkleRoot } from "./merkle.ts";
import { message } from "./message.ts";
import type { MemberId } from "./output.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";

export const ACKNOWLEDGEMENT_LENGTH = 108;

export type Acknowledgement = {
  /** RFC 6962 root over the leaf hashes of the request, in the order they came. */
  readonly root: Hex;
  /** How many leaves. */
  readonly count: number;
  /** Milliseconds of the gateway's clock. */
  readonly received: number;
  /** The member that has them. */
  readonly member: MemberId;
};

export type SignedAcknowledgement = Acknowledgement & { readonly signature: Uint8Array };

/** The root that acknowledges leaves of these hashes. */
export function acknowledgedRoot(leaves: readonly Hex[]): Hex {
  return toHex(merkleRoot(leaves.map((leaf) => fromHex(leaf, HASH_LENGTH))));
}

export async function signAcknowledgement(
  networkId: Uint8Array,
  fields: Acknowledgement,
  issuer: Signer,
): Promise<SignedAcknowledgement> {
  const { root, count, received, member } = fields;
  const signature = await issuer.sign(message("acknowledgement", networkId, bodyOf(fields)));
  return { root, count, received, member, signature };
}

/** Whether the member's issuer key signed it. @throws Refusal `bad-signature`. */
export function checkAcknowledgement(
  networkId: Uint8Array,
  acknowledgement: SignedAcknowledgement,
  issuer: Uint8Array,
  verifier: Verifier,
): void {
  const signed = message("acknowledgement", networkId, bodyOf(acknowledgement));
  if (!verifier.verify(issuer, signed, acknowledgement.signature)) {
    throw new Refusal(
      "bad-signature",
      `the acknowledgement is not signed by member ${acknowledgement.member}`,
    );
  }
}

export function encodeAcknowledgement(acknowledgement: SignedAcknowledgement): Uint8Array {
  const writer = new Writer(ACKNOWLEDGEMENT_LENGTH);
  writeAcknowledgement(writer, acknowledgement);
  return writer.done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeAcknowledgement(bytes: Uint8Array): SignedAcknowledgement {
  const reader = new Reader(bytes);
  const acknowledgement = readAcknowledgement(reader);
  reader.end("acknowledgement");
  return acknowledgement;
}

export function writeAcknowledgement(writer: Writer, value: SignedAcknowledgement): void {
  writer.put(bodyOf(value)).fixed(value.signature, SIGNATURE_LENGTH);
}

/** Reads an acknowledgement that stands in an answer. */
export function readAcknowledgement(reader: Reader): SignedAcknowledgement {
  const root = toHex(reader.take(HASH_LENGTH, "root"));
  const count = reader.count(2, 1, limits.submissionLeavesMax, "count");
  const received = reader.safe("received");
  const member = reader.u16("member");
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  return { root, count, received, member, signature };
}

function bodyOf({ root, count, received, member }: Acknowledgement): Uint8Array {
  return new Writer(ACKNOWLEDGEMENT_LENGTH)
    .fixed(fromHex(root), HASH_LENGTH)
    .u16(count)
    .safe(received)
    .u16(member)
    .done();
}
