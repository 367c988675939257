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
  const named = allVersions(draft).slice(0, limits.listVersionsMax);
  return named.sort((a, b) => a.member - b.member);
}

/** Whether another holds a newer list, of those it names. */
export function isBehind(draft: Draft, theirs: readonly ListVersion[]): boolean {
  const held = new Map(allVersions(draft).map(({ member, version }) => [member, version]));
  return theirs.some(({ member, version }) => version > (held.get(member) ?? -1));
}

/**
 * What the other side lacks, as much as rides in a message: what the authority signs, and of the revocation
 * lists as many as fit in the room for one, those of the exchange's own members first, then the latest.
 * @param theirs what it holds: 16 lists at most, so that of one it does not name it may yet hold the newest.
 * @param members of payer and payee.
 */
export function listsFor(
  draft: Draft,
  known: Knowledge,
  theirs: readonly ListVersion[],
  members: readonly MemberId[],
): CarriedList[] {
  const held = new Map(theirs.map(({ member, version }) => [member, version]));
  const namesAll = theirs.length < limits.listVersionsMax;
  const isNews = (member: number, version: number) => {
    const unnamed = namesAll || members.includes(member) ? -1 : version;
    return version > (held.get(member) ?? unnamed);
  };
  const { trust, emergency, now } = known;
  const lists: CarriedList[] = [];
  if (trust !== undefined && isNews(TRUST_LIST, trust.version)) {
    lists.push({ kind: "trust", bytes: trust.bytes });
  }
  const hasEnded = emergency === undefined || now >= emergency.notAfter;
  if (!hasEnded && isNews(EMERGENCY_PROFILE, emergency.version)) {
    lists.push({ kind: "emergency", bytes: emergency.bytes });
  }
  let room: number = limits.listInHandshakeMax;
  for (const { member, version, bytes } of revocationsByUse(draft, members)) {
    if (bytes.length > room || !isNews(member, version)) continue;
    room -= bytes.length;
    lists.push({ kind: "revocations", bytes });
  }
  return fitLists(lists);
}

function allVersions(draft: Draft): ListVersion[] {
  const authority = [
    [TRUST_LIST, draft.get("trust", "")],
    [EMERGENCY_PROFILE, draft.get("emergency", "")],
  ] as const;
  const { member: own } = draft.get("purse", "")!;
  return [
    ...authority.flatMap(([member, list]) =>
      list === undefined ? [] : [{ member, version: list.version }],
    ),
    ...revocationsByUse(draft, [own]).map(({ member, version }) => ({ member, version })),
  ];
}

/** The members' lists first, in their order, then the others, the latest first. */
function revocationsByUse(draft: Draft, members: readonly MemberId[]): SignedRevocationList[] {
  const rank = ({ member }: SignedRevocationList) => {
    const at = members.indexOf(member);
    return at === -1 ? members.length : at;
  };
  const lists = draft.rows("revocations").map(([, list]) => list);
  return lists.sort((a, b) => rank(a) - rank(b) || b.issued - a.issued);
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
