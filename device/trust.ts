/**
 * What a device believes of banks while it is offline, and why: by the authority's trust list, the members'
 * revocation lists, and the time. It believes nothing that is not signed by the authority or by a member
 * the authority names. How it comes by the lists is for held-lists.ts.
 */
import { checkCertificateSignature, type SignedCertificate } from "../protocol/certificate.ts";
import { ownerOf } from "../protocol/key.ts";
import type { PlaceCode, SignedEmergencyProfile } from "../protocol/emergency-profile.ts";
import {
  prefixOf,
  type RevocationList,
  type SignedRevocationList,
  type SignedTrustList,
  type TrustedMember,
} from "../protocol/lists.ts";
import type { MemberId } from "../protocol/output.ts";
import { checkReceiptSignature, type SignedReceipt } from "../protocol/receipt.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import { memberStatus } from "../protocol/rules.ts";
import type { Verifier } from "../protocol/signature.ts";

/** What the checks need to know. */
export type Knowledge = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  /** How long a receipt or a certificate may live, in milliseconds: a parameter of the network. */
  readonly receiptLifeMs: number;
  readonly trust: SignedTrustList | undefined;
  revocations(member: MemberId): SignedRevocationList | undefined;
  readonly emergency: SignedEmergencyProfile | undefined;
  /** Where the device is; empty if nobody has said. */
  readonly place: PlaceCode;
  /** Milliseconds: the later of the host's clock and signed time. */
  readonly now: number;
};

/**
 * Whether a device key is certified, now, by a member in good standing.
 * @throws Refusal `untrusted-issuer`, `bad-signature`, `not-yet-valid`, `expired`, `revoked`,
 *   `over-guarantee`.
 */
export function checkCertificate(known: Knowledge, certificate: SignedCertificate): void {
  const member = memberOf(known, certificate.member);
  checkIssuedBy(known, member, (issuer) =>
    checkCertificateSignature(known.networkId, certificate, issuer, known.verifier),
  );
  const { notBefore, notAfter } = certificate;
  if (notAfter - notBefore > known.receiptLifeMs) {
    throw new Refusal("untrusted-issuer", "the certificate lives longer than the network allows");
  }
  if (known.now < notBefore) throw new Refusal("not-yet-valid", "the certificate is not valid yet");
  if (known.now >= notAfter) throw new Refusal("expired", "the certificate has expired");
  if (isRevoked(known.revocations(certificate.member), certificate.deviceKey)) {
    throw new Refusal("revoked", `member ${certificate.member} has revoked the device`);
  }
  if (certificate.maxBalance > member.guarantee) {
    throw new Refusal("over-guarantee", "the device may hold more than its member guarantees");
  }
}

export function isRevoked(list: RevocationList | undefined, deviceKey: Uint8Array): boolean {
  return list !== undefined && list.prefixes.includes(prefixOf(ownerOf(deviceKey)));
}

/**
 * Whether a coin was unspent, by its custodian's word, and that word is still good.
 * @throws Refusal `untrusted-issuer`, `false-receipt`, `expired`.
 */
export function checkReceipt(known: Knowledge, receipt: SignedReceipt): void {
  const member = memberOf(known, receipt.output.custodian);
  try {
    checkIssuedBy(known, member, (issuer) =>
      checkReceiptSignature(known.networkId, receipt, issuer, known.verifier),
    );
  } catch (error) {
    if (isRefusal(error)) throw new Refusal("false-receipt", error.message);
    throw error;
  }
  if (receipt.notAfter - receipt.issued > known.receiptLifeMs) {
    throw new Refusal("false-receipt", "the receipt lives longer than the network allows");
  }
  if (known.now >= receipt.notAfter) throw new Refusal("expired", "a receipt has expired");
}

/** The row of a member whose word counts. @throws Refusal `untrusted-issuer`, `expired`. */
export function memberOf(known: Knowledge, id: MemberId): TrustedMember {
  if (known.trust === undefined) {
    throw new Refusal("untrusted-issuer", "no trust list is known yet");
  }
  if (known.now >= known.trust.notAfter) {
    throw new Refusal("expired", "the trust list has expired");
  }
  const member = known.trust.members.find((each) => each.member === id);
  if (member?.status !== memberStatus.active) {
    throw new Refusal("untrusted-issuer", `member ${id} is not in good standing`);
  }
  return member;
}

/**
 * Tries a check with the member's issuer key and, for receiptLife after the list, with the one before.
 * @throws what the check throws with the present key.
 */
export function checkIssuedBy(
  known: Knowledge,
  member: TrustedMember,
  check: (issuer: Uint8Array) => void,
): void {
  try {
    check(member.issuer);
  } catch (error) {
    const { previousIssuer } = member;
    const lastsUntil = (known.trust?.issued ?? 0) + known.receiptLifeMs;
    if (previousIssuer === undefined || known.now >= lastsUntil) throw error;
    check(previousIssuer);
  }
}
