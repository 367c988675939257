/**
 * What a device believes of banks while it is offline, and why: the authority's trust list, the
 * members' revocation lists, and the time. It believes nothing that is not signed by the authority or
 * by a member the authority names.
 */
import { type CarriedList, fitLists } from "../protocol/carried-lists.ts";
import { checkCertificateSignature, type SignedCertificate } from "../protocol/certificate.ts";
import { ownerOf } from "../protocol/key.ts";
import type { ListVersion } from "../protocol/list-version.ts";
import {
  checkRevocationListSignature,
  checkTrustListSignature,
  decodeRevocationList,
  decodeTrustList,
  prefixOf,
  type RevocationList,
  type SignedRevocationList,
  type SignedTrustList,
  type TrustedMember,
} from "../protocol/lists.ts";
import { limits } from "../protocol/limits.ts";
import type { MemberId } from "../protocol/output.ts";
import { checkReceiptSignature, type SignedReceipt } from "../protocol/receipt.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import { memberStatus } from "../protocol/rules.ts";
import type { Verifier } from "../protocol/signature.ts";
import type { Draft } from "./purse-tables.ts";

/** What the checks need to know. */
export type Knowledge = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  /** How long a receipt or a certificate may live, in milliseconds: a parameter of the network. */
  readonly receiptLifeMs: number;
  readonly trust: SignedTrustList | undefined;
  revocations(member: MemberId): SignedRevocationList | undefined;
  /** Milliseconds: the later of the host's clock and signed time. */
  readonly now: number;
};

/** The trust list is named by the number that no member has. */
const TRUST_LIST = 0;

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

/**
 * Takes from `lists` what is newer than what the draft holds, and signed by whom it must be; passes over
 * the rest, so that a list that is stale, foreign or forged harms nobody.
 * @param known as of before the lists. @returns how many were taken.
 */
export function learnLists(
  draft: Draft,
  lists: readonly CarriedList[],
  known: () => Knowledge,
): number {
  let taken = 0;
  for (const { kind, bytes } of lists) {
    try {
      if (kind === "trust") taken += learnTrustList(draft, decodeTrustList(bytes), known());
      if (kind === "revocations") {
        taken += learnRevocations(draft, decodeRevocationList(bytes), known());
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  return taken;
}

/**
 * The versions of what a device holds, for others to hand it newer ones: the trust list, the own member's
 * list, and the latest of the others.
 */
export function heldVersions(draft: Draft): ListVersion[] {
  const own = draft.get("purse", "")!.member;
  const latest = draft.rows("revocations").map(([, list]) => list);
  latest.sort((a, b) => Number(b.member === own) - Number(a.member === own) || b.issued - a.issued);
  const versions = latest.map(({ member, version }) => ({ member, version }));
  const trust = draft.get("trust", "");
  if (trust !== undefined) versions.unshift({ member: TRUST_LIST, version: trust.version });
  return versions.slice(0, limits.listVersionsMax).sort((a, b) => a.member - b.member);
}

/**
 * What the other side lacks of the trust list and the lists of `members`, and those of other members of
 * which it has said that it holds older ones: as many as ride in a message.
 */
export function listsFor(
  draft: Draft,
  theirs: readonly ListVersion[],
  members: readonly MemberId[],
): CarriedList[] {
  const held = new Map(theirs.map(({ member, version }) => [member, version]));
  const isNews = (member: number, version: number) => version > (held.get(member) ?? -1);
  const lists: CarriedList[] = [];
  const trust = draft.get("trust", "");
  if (trust !== undefined && isNews(TRUST_LIST, trust.version)) {
    lists.push({ kind: "trust", bytes: trust.bytes });
  }
  for (const member of new Set([...members, ...held.keys()])) {
    const list = draft.get("revocations", String(member));
    if (list === undefined || !isNews(member, list.version)) continue;
    lists.push({ kind: "revocations", bytes: list.bytes });
  }
  return fitLists(lists);
}

/** The versions of lists that came in a message. Those that do not decode name nothing. */
export function versionsOf(lists: readonly CarriedList[]): ListVersion[] {
  const versions: ListVersion[] = [];
  for (const { kind, bytes } of lists) {
    try {
      if (kind === "trust") {
        versions.push({ member: TRUST_LIST, version: decodeTrustList(bytes).version });
      }
      if (kind === "revocations") versions.push(decodeRevocationList(bytes));
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  return versions;
}

/** Moves signed time on, never back. */
export function learnTime(draft: Draft, issued: number): void {
  const purse = draft.get("purse", "")!;
  if (issued > purse.signedTime) draft.put("purse", "", { ...purse, signedTime: issued });
}

function learnTrustList(draft: Draft, list: SignedTrustList, known: Knowledge): number {
  if (list.version <= (known.trust?.version ?? -1)) return 0;
  const purse = draft.get("purse", "")!;
  checkTrustListSignature(known.networkId, list, purse.trustKey, known.verifier);
  draft.put("trust", "", list);
  draft.put("purse", "", { ...purse, trustKey: list.nextTrustKey });
  learnTime(draft, list.issued);
  return 1;
}

function learnRevocations(draft: Draft, list: SignedRevocationList, known: Knowledge): number {
  if (list.version <= (known.revocations(list.member)?.version ?? -1)) return 0;
  const member = known.trust?.members.find((each) => each.member === list.member);
  if (member === undefined) return 0;
  checkIssuedBy(known, member, (issuer) =>
    checkRevocationListSignature(known.networkId, list, issuer, known.verifier),
  );
  draft.put("revocations", String(list.member), list);
  if (list.member === draft.get("purse", "")!.member) learnTime(draft, list.issued);
  return 1;
}
