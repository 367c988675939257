/**
 * One leaf at the door: decoded, and its signatures brought into the one form that counts. Chips return
 * the high s half the time, and not every host has put that right.
 */
import type { Hex } from "../protocol/bytes.ts";
import { encodeEnrolment } from "../protocol/enrolment.ts";
import { NOBODY, type Owner, ownerOf } from "../protocol/key.ts";
import { decodeLeaf, type Leaf, leafHash, leafId } from "../protocol/leaf.ts";
import type { Outpoint } from "../protocol/output.ts";
import { encodeRecord } from "../protocol/record.ts";
import { isCanonicalSignature, normaliseSignature } from "../protocol/signature.ts";

/** A leaf as the intake knows it. */
export type NamedLeaf = {
  readonly hash: Hex;
  readonly id: Hex;
  readonly bytes: Uint8Array;
  /** The coins a record takes; none for an enrolment. */
  readonly inputs: readonly Outpoint[];
  /** Whose coins the record's signature can take; no one's for an enrolment. */
  readonly signer: Owner;
};

/** Decodes a leaf, each of its signatures with low s. @throws Refusal `malformed`. */
export function decodeNormalised(bytes: Uint8Array): Leaf {
  const leaf = decodeLeaf(bytes);
  if (leaf.kind === "enrolment") {
    const { consent, issuerSignature } = leaf;
    if (isCanonicalSignature(consent) && isCanonicalSignature(issuerSignature)) return leaf;
    const low = {
      consent: normaliseSignature(consent),
      issuerSignature: normaliseSignature(issuerSignature),
    };
    return decodeLeaf(encodeEnrolment({ ...leaf, ...low }));
  }
  if (isCanonicalSignature(leaf.signature)) return leaf;
  return decodeLeaf(encodeRecord({ ...leaf, signature: normaliseSignature(leaf.signature) }));
}

export function nameLeaf(networkId: Uint8Array, leaf: Leaf): NamedLeaf {
  const named = { hash: leafHash(leaf.bytes), id: leafId(networkId, leaf), bytes: leaf.bytes };
  return leaf.kind === "enrolment"
    ? { ...named, inputs: [], signer: NOBODY }
    : { ...named, inputs: leaf.inputs, signer: ownerOf(leaf.signer) };
}
