/**
 * The lists a device holds, which pass from the fresher device to the staler one with the messages of a
 * payment: what it takes in, what it names, what it hands on. A list is taken if it is newer than the one
 * held and signed by whom it must be; nothing ever goes back.
 */
import { type CarriedList, fitLists } from "../protocol/carried-lists.ts";
import {
  checkEmergencyProfileSignature,
  decodeEmergencyProfile,
  type SignedEmergencyProfile,
} from "../protocol/emergency-profile.ts";
import { EMERGENCY_PROFILE, type ListVersion, TRUST_LIST } from "../protocol/list-version.ts";
import {
  checkRevocationListSignature,
  checkTrustListSignature,
  decodeRevocationList,
  decodeTrustList,
  type SignedRevocationList,
  type SignedTrustList,
} from "../protocol/lists.ts";
import { limits } from "../protocol/limits.ts";
import type { MemberId } from "../protocol/output.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { Draft } from "./purse-tables.ts";
import { checkIssuedBy, type Knowledge } from "./trust.ts";

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
      if (kind === "emergency") {
        taken += learnEmergencyProfile(draft, decodeEmergencyProfile(bytes), known());
      }
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
 * The versions of what a device holds, for others to hand it newer ones: the trust list, the emergency
 * profile, the own member's list, and the latest of the others.
 */
export function heldVersions(draft: Draft): ListVersion[] {
  const own = draft.get("purse", "")!.member;
  const latest = draft.rows("revocations").map(([, list]) => list);
  latest.sort((a, b) => Number(b.member === own) - Number(a.member === own) || b.issued - a.issued);
  const versions = latest.map(({ member, version }) => ({ member, version }));
  const emergency = draft.get("emergency", "");
  if (emergency !== undefined) {
    versions.unshift({ member: EMERGENCY_PROFILE, version: emergency.version });
  }
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
  const emergency = draft.get("emergency", "");
  if (emergency !== undefined && isNews(EMERGENCY_PROFILE, emergency.version)) {
    lists.push({ kind: "emergency", bytes: emergency.bytes });
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
      if (kind === "emergency") {
        versions.push({
          member: EMERGENCY_PROFILE,
          version: decodeEmergencyProfile(bytes).version,
        });
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

/** One that has ended is passed over; one that has not begun is held, and handed on. */
function learnEmergencyProfile(
  draft: Draft,
  profile: SignedEmergencyProfile,
  known: Knowledge,
): number {
  if (profile.version <= (known.emergency?.version ?? -1)) return 0;
  if (known.now >= profile.notAfter) return 0;
  const { trustKey } = draft.get("purse", "")!;
  checkEmergencyProfileSignature(known.networkId, profile, trustKey, known.verifier);
  draft.put("emergency", "", profile);
  learnTime(draft, profile.issued);
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
