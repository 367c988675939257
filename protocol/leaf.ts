/** The unit of a batch: a record or an enrolment, told apart by its first byte. */
import { type Hex, toHex } from "./bytes.ts";
import {
  consentOf,
  decodeEnrolment,
  ENROLMENT_KIND,
  enrolmentId,
  forgedConsent,
  type SignedEnrolment,
} from "./enrolment.ts";
import { hashLeaf } from "./merkle.ts";
import { isSigned, type OwnSignature } from "./own-signature.ts";
import {
  decodeRecord,
  forgedRecord,
  recordId,
  recordKinds,
  signatureOf,
  type SignedRecord,
} from "./record.ts";
import { Refusal } from "./refusal.ts";
import type { Verifier } from "./signature.ts";

export type Leaf = SignedRecord | SignedEnrolment;

/** SHA-256(00 ‖ bytes): the name a leaf has in batches and stores, signatures included. */
export function leafHash(bytes: Uint8Array): Hex {
  return toHex(hashLeaf(bytes));
}

/** @throws Refusal `malformed` naming field and offset; deposits are no leaves. */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  switch (bytes[0]) {
    case recordKinds.spend:
    case recordKinds.claim:
    case recordKinds.reclaim:
      return decodeRecord(bytes);
    case ENROLMENT_KIND:
      return decodeEnrolment(bytes);
    case undefined:
      throw new Refusal("malformed", "a leaf has no bytes", { field: "kind", offset: 0 });
    default:
      throw new Refusal("malformed", `kind ${bytes[0]} is no leaf of version 1`, {
        field: "kind",
        offset: 0,
      });
  }
}

/** The id of what the leaf says, which no other signature changes. */
export function leafId(networkId: Uint8Array, leaf: Leaf): Hex {
  return leaf.kind === "enrolment" ? enrolmentId(networkId, leaf) : recordId(networkId, leaf.body);
}

/** A record's signature [R2], an enrolment's consent. The issuer's is checked in the fold, against the state at that leaf. */
export function ownSignatureOf(leaf: Leaf): OwnSignature {
  return leaf.kind === "enrolment" ? consentOf(leaf) : signatureOf(leaf);
}

/** Why that signature does not hold: `bad-signature`, or `malformed` for a key that is none. */
export function forgedLeaf(leaf: Leaf, isKey: boolean): Refusal {
  return leaf.kind === "enrolment" ? forgedConsent(isKey) : forgedRecord(isKey);
}

/** @throws Refusal `malformed` for a key off the curve, `bad-signature`. */
export function checkLeafSignature(networkId: Uint8Array, leaf: Leaf, verifier: Verifier): void {
  const signature = ownSignatureOf(leaf);
  if (isSigned(networkId, signature, verifier)) return;
  throw forgedLeaf(leaf, verifier.isKey(signature.by));
}
