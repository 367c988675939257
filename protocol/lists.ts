/**
 * What devices know of the world without a network: the revocation list of a member, and the
 * authority's trust list. Both are signed, numbered and dated, so that the fresher of two devices can
 * hand them to the staler one, and with them the time.
 *
 *     member u16 | version u32 | issued u64 | count u16 | prefix 8 × count
 *     | signature 64 by the issuer key over message("revocations", all before)
 *
 *     version u32 | issued u64 | notAfter u64 | next trust key 33 | count u16 | (member u16 | status u8
 *     | issuer 33 | previous issuer 33 or zero | guarantee u64 | name length u8 + bytes) × count
 *     | signature 64 by the trust key over message("trust", all before)
 */
import { fromHex, type Hex, isZero, Reader, toHex, utf8, Writer } from "./bytes.ts";
import { KEY_LENGTH, type Owner, readKeyOnCurve } from "./key.ts";
import { limits } from "./limits.ts";
import { message } from "./message.ts";
import type { Amount } from "./money.ts";
import type { MemberId } from "./output.ts";
import { Refusal } from "./refusal.ts";
import { type MemberStatus, memberStatus } from "./rules.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";

const PREFIX_LENGTH = 8;

/** The keys a member revoked within receiptLife; older ones hold no valid receipt. */
export type RevocationList = {
  readonly member: MemberId;
  /** Higher replaces lower. */
  readonly version: number;
  /** Milliseconds: signed time. */
  readonly issued: number;
  /** The first 8 bytes of each owner, strictly ascending. */
  readonly prefixes: readonly Hex[];
};

/** A list as it travels. Made by its reader and its signer alone. */
export type Signed<Fields> = Fields & {
  readonly signature: Uint8Array;
  /** The whole list, and its part that is signed. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

export type SignedRevocationList = Signed<RevocationList>;

export type TrustedMember = {
  readonly member: MemberId;
  readonly status: MemberStatus;
  readonly issuer: Uint8Array;
  /** The key before, good for receiptLife more; absent if there is none or it was compromised. */
  readonly previousIssuer?: Uint8Array | undefined;
  /** The most that is paid for one device's double spends. */
  readonly guarantee: Amount;
  readonly name: string;
};

/** The members as the authority knows them. */
export type TrustList = {
  /** Higher replaces lower. */
  readonly version: number;
  /** Milliseconds: signed time, and the list is good before notAfter. */
  readonly issued: number;
  readonly notAfter: number;
  /** The key that signs the lists after this one. */
  readonly nextTrustKey: Uint8Array;
  /** Ascending by member. */
  readonly members: readonly TrustedMember[];
};

export type SignedTrustList = Signed<TrustList>;

/** The form in which an owner stands in a revocation list. */
export function prefixOf(owner: Owner): Hex {
  return owner.slice(0, 2 + 2 * PREFIX_LENGTH) as Hex;
}

/** Signs with the member's issuer key. @throws Refusal if the fields break the format. */
export async function signRevocationList(
  networkId: Uint8Array,
  fields: RevocationList,
  issuer: Signer,
): Promise<SignedRevocationList> {
  const writer = new Writer(256)
    .u16(fields.member)
    .u32(fields.version)
    .safe(fields.issued)
    .u16(fields.prefixes.length);
  for (const prefix of fields.prefixes) writer.fixed(fromHex(prefix), PREFIX_LENGTH);
  const body = writer.done();
  const signature = await issuer.sign(message("revocations", networkId, body));
  return decodeRevocationList(writer.fixed(signature, SIGNATURE_LENGTH).done());
}

/** Whether the issuer key signed it. @throws Refusal `bad-signature`. */
export function checkRevocationListSignature(
  networkId: Uint8Array,
  list: SignedRevocationList,
  issuer: Uint8Array,
  verifier: Verifier,
): void {
  if (!verifier.verify(issuer, message("revocations", networkId, list.body), list.signature)) {
    throw new Refusal(
      "bad-signature",
      `the revocation list is not signed by member ${list.member}`,
    );
  }
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeRevocationList(bytes: Uint8Array): SignedRevocationList {
  const reader = new Reader(bytes);
  const member = reader.u16("member");
  const version = reader.u32("version");
  const issued = reader.safe("issued");
  const count = reader.u16("count");
  const prefixes: Hex[] = [];
  for (let i = 0; i < count; i++) {
    const prefix = toHex(reader.take(PREFIX_LENGTH, `prefixes[${i}]`));
    if (i > 0 && prefix <= prefixes[i - 1]!) {
      throw reader.refuse("prefixes are not ascending", `prefixes[${i}]`, PREFIX_LENGTH);
    }
    prefixes.push(prefix);
  }
  return { member, version, issued, prefixes, ...readSignature(reader, "revocation list") };
}

/** Signs with the trust key that devices know by now. @throws Refusal if the fields break the format. */
export async function signTrustList(
  networkId: Uint8Array,
  fields: TrustList,
  authority: Signer,
): Promise<SignedTrustList> {
  const writer = new Writer(512)
    .u32(fields.version)
    .safe(fields.issued)
    .safe(fields.notAfter)
    .fixed(fields.nextTrustKey, KEY_LENGTH)
    .u16(fields.members.length);
  for (const member of fields.members) writeMember(writer, member);
  const body = writer.done();
  const signature = await authority.sign(message("trust", networkId, body));
  return decodeTrustList(writer.fixed(signature, SIGNATURE_LENGTH).done());
}

/** Whether the trust key signed it. @throws Refusal `bad-signature`. */
export function checkTrustListSignature(
  networkId: Uint8Array,
  list: SignedTrustList,
  trustKey: Uint8Array,
  verifier: Verifier,
): void {
  if (!verifier.verify(trustKey, message("trust", networkId, list.body), list.signature)) {
    throw new Refusal("bad-signature", "the trust list is not signed by the trust key known here");
  }
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeTrustList(bytes: Uint8Array): SignedTrustList {
  const reader = new Reader(bytes);
  const version = reader.u32("version");
  const issued = reader.safe("issued");
  const notAfter = reader.safe("notAfter");
  if (notAfter <= issued) throw reader.refuse("notAfter is not after issued", "notAfter", 8);
  const nextTrustKey = readKeyOnCurve(reader, "nextTrustKey");
  const count = reader.u16("count");
  if (count > limits.trustMembersMax) {
    throw reader.refuse(`${count} members, at most ${limits.trustMembersMax}`, "count", 2);
  }
  const members: TrustedMember[] = [];
  for (let i = 0; i < count; i++) {
    const start = reader.offset;
    const member = readMember(reader, `members[${i}]`);
    if (i > 0 && member.member <= members[i - 1]!.member) {
      const back = reader.offset - start;
      throw reader.refuse("members are not ascending", `members[${i}]`, back);
    }
    members.push(member);
  }
  const signed = readSignature(reader, "trust list");
  return { version, issued, notAfter, nextTrustKey, members, ...signed };
}

function writeMember(writer: Writer, member: TrustedMember): void {
  writer
    .u16(member.member)
    .u8(member.status)
    .fixed(member.issuer, KEY_LENGTH)
    .fixed(member.previousIssuer ?? new Uint8Array(KEY_LENGTH), KEY_LENGTH)
    .u64(member.guarantee)
    .short(utf8.encode(member.name));
}

function readMember(reader: Reader, field: string): TrustedMember {
  const member = reader.u16(`${field}.member`);
  if (member === 0) throw reader.refuse("no member has the number 0", `${field}.member`, 2);
  const status = reader.u8(`${field}.status`);
  if (!isMemberStatus(status)) {
    throw reader.refuse(`status ${status} is unknown`, `${field}.status`, 1);
  }
  const issuer = readKeyOnCurve(reader, `${field}.issuer`);
  const previousIssuer = readOptionalKey(reader, `${field}.previousIssuer`);
  const guarantee = reader.u64(`${field}.guarantee`);
  const name = reader.text(limits.nameMax, `${field}.name`);
  return { member, status, issuer, previousIssuer, guarantee, name };
}

function readOptionalKey(reader: Reader, field: string): Uint8Array | undefined {
  const rest = reader.bytes.subarray(reader.offset, reader.offset + KEY_LENGTH);
  if (rest.length < KEY_LENGTH || !isZero(rest)) return readKeyOnCurve(reader, field);
  reader.take(KEY_LENGTH, field);
  return undefined;
}

/** A signature ends a list, and covers all before it. */
export function readSignature(reader: Reader, structure: string): Signed<unknown> {
  const body = reader.since(0);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  reader.end(structure);
  return { signature, bytes: reader.bytes, body };
}

function isMemberStatus(value: number): value is MemberStatus {
  return value >= memberStatus.active && value <= memberStatus.removed;
}
