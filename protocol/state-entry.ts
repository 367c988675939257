/**
 * The entries of the state, as they are kept and as the state root covers them: key and value of each
 * kind, told apart by the first byte of the key.
 */
import { sha256Head } from "#sha256";
import { concat, fromHex, type Hex, Reader, toHex, utf8, Writer } from "./bytes.ts";
import { type Owner, OWNER_LENGTH, ownerOf } from "./key.ts";
import { hashLeaf, hashLeafOf, merkleRoot } from "./merkle.ts";
import {
  type MemberId,
  type Outpoint,
  OUTPOINT_LENGTH,
  OUTPUT_LENGTH,
  type Output,
  readOutput,
  writeOutput,
} from "./output.ts";
import type { Member, MemberStatus } from "./rules.ts";

export const BUCKETS = 4096;

/** A member's transfers and burns in a cycle that is not settled. */
export type Window = { readonly delta: bigint; readonly burns: bigint };

export type Parameters = {
  readonly version: number;
  readonly reclaimDelayS: number;
  readonly openCycle: number;
  readonly settledCycle: number;
};

/** One thing the state holds. */
export type StateEntry =
  | { readonly kind: "coin"; readonly outpoint: Outpoint; readonly output: Output }
  | { readonly kind: "restituted"; readonly outpoint: Outpoint; readonly timeS: number }
  | { readonly kind: "enrolled"; readonly owner: Owner; readonly member: MemberId }
  | {
      readonly kind: "revoked";
      readonly member: MemberId;
      readonly owner: Owner;
      readonly timeS: number;
    }
  | { readonly kind: "member"; readonly id: MemberId; readonly member: Member }
  | {
      readonly kind: "window";
      readonly cycle: number;
      readonly member: MemberId;
      readonly window: Window;
    }
  | { readonly kind: "reserve"; readonly member: MemberId; readonly amount: bigint }
  | { readonly kind: "parameters"; readonly parameters: Parameters };

const prefix = {
  coin: "c",
  restituted: "t",
  enrolled: "h",
  revoked: "r",
  member: "m",
  window: "w",
  reserve: "b",
  parameters: "p",
} as const satisfies Record<StateEntry["kind"], string>;

export const stateKey = {
  coin: (outpoint: Outpoint) => concat(first.coin, fromHex(outpoint)),
  restituted: (outpoint: Outpoint) => concat(first.restituted, fromHex(outpoint)),
  enrolled: (owner: Owner) => concat(first.enrolled, fromHex(owner)),
  revoked: (member: MemberId, owner: Owner) => concat(first.revoked, u16(member), fromHex(owner)),
  member: (id: MemberId) => concat(first.member, u16(id)),
  window: (cycle: number, member: MemberId) =>
    concat(first.window, new Writer(10).safe(cycle).u16(member).done()),
  reserve: (member: MemberId) => concat(first.reserve, u16(member)),
  parameters: () => first.parameters,
} as const;

const first = Object.fromEntries(
  Object.entries(prefix).map(([kind, letter]) => [kind, utf8.encode(letter)]),
) as Record<StateEntry["kind"], Uint8Array>;

export const stateValue = {
  /** @param over where it is written, of `OUTPUT_LENGTH` bytes: others if absent. */
  coin: (output: Output, over?: Uint8Array) => {
    const writer = new Writer(over ?? OUTPUT_LENGTH);
    writeOutput(writer, output);
    return writer.done();
  },
  time: (timeS: number) => new Writer(8).safe(timeS).done(),
  enrolled: (member: MemberId) => u16(member),
  member: ({ status, issuer, treasury, pastTreasuries }: Member) =>
    new Writer(128)
      .u8(status)
      .fixed(issuer, 33)
      .fixed(treasury, 33)
      .u16(pastTreasuries.length)
      .put(concat(...pastTreasuries))
      .done(),
  window: ({ delta, burns }: Window) => new Writer(32).i128(delta).u128(burns).done(),
  reserve: (amount: bigint) => new Writer(16).u128(amount).done(),
  parameters: ({ version, reclaimDelayS, openCycle, settledCycle }: Parameters) =>
    new Writer(26).u16(version).safe(reclaimDelayS).safe(openCycle).safe(settledCycle).done(),
} as const;

/** A member's row with the owners of its treasury keys worked out. */
export function makeMember(row: Omit<Member, "treasuryOwners">): Member {
  return { ...row, treasuryOwners: [row.treasury, ...row.pastTreasuries].map(ownerOf) };
}

/** Key and value of an entry. */
export function encodeStateEntry(entry: StateEntry): readonly [key: Uint8Array, value: Uint8Array] {
  switch (entry.kind) {
    case "coin":
      return [stateKey.coin(entry.outpoint), stateValue.coin(entry.output)];
    case "restituted":
      return [stateKey.restituted(entry.outpoint), stateValue.time(entry.timeS)];
    case "enrolled":
      return [stateKey.enrolled(entry.owner), stateValue.enrolled(entry.member)];
    case "revoked":
      return [stateKey.revoked(entry.member, entry.owner), stateValue.time(entry.timeS)];
    case "member":
      return [stateKey.member(entry.id), stateValue.member(entry.member)];
    case "window":
      return [stateKey.window(entry.cycle, entry.member), stateValue.window(entry.window)];
    case "reserve":
      return [stateKey.reserve(entry.member), stateValue.reserve(entry.amount)];
    case "parameters":
      return [stateKey.parameters(), stateValue.parameters(entry.parameters)];
  }
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeStateEntry(key: Uint8Array, value: Uint8Array): StateEntry {
  const keys = new Reader(key);
  const values = new Reader(value);
  const entry = readEntry(String.fromCharCode(keys.u8("prefix")), keys, values);
  keys.end("key");
  values.end("value");
  return entry;
}

/** The bucket of an entry: the first 12 bits of SHA-256 of its key. */
export function bucketOf(key: Uint8Array): number {
  return sha256Head(key) >> 4;
}

/** The leaf of a bucket's tree. */
export function stateLeaf(key: Uint8Array, value: Uint8Array): Uint8Array {
  return hashLeafOf(key, value);
}

/** The state root over the 4,096 bucket roots. */
export function stateRootOf(bucketRoots: readonly Uint8Array[]): Hex {
  return toHex(merkleRoot(bucketRoots.map(hashLeaf)));
}

function readEntry(letter: string, keys: Reader, values: Reader): StateEntry {
  switch (letter) {
    case prefix.coin:
      return { kind: "coin", outpoint: outpoint(keys), output: readOutput(values, "output") };
    case prefix.restituted:
      return { kind: "restituted", outpoint: outpoint(keys), timeS: values.safe("time") };
    case prefix.enrolled:
      return { kind: "enrolled", owner: owner(keys), member: values.u16("member") };
    case prefix.revoked:
      return {
        kind: "revoked",
        member: keys.u16("member"),
        owner: owner(keys),
        timeS: values.safe("time"),
      };
    case prefix.member:
      return { kind: "member", id: keys.u16("member"), member: readMember(values) };
    case prefix.window:
      return {
        kind: "window",
        cycle: keys.safe("cycle"),
        member: keys.u16("member"),
        window: readWindow(values),
      };
    case prefix.reserve:
      return { kind: "reserve", member: keys.u16("member"), amount: values.u128("reserve") };
    case prefix.parameters:
      return { kind: "parameters", parameters: readParameters(values) };
    default:
      throw keys.refuse(`"${letter}" is no kind of entry`, "prefix", 1);
  }
}

function readMember(reader: Reader): Member {
  const status = reader.u8("status");
  if (status < 1 || status > 3) throw reader.refuse(`status ${status} is unknown`, "status", 1);
  const issuer = reader.take(33, "issuer");
  const treasury = reader.take(33, "treasury");
  const count = reader.u16("pastTreasuries");
  const pastTreasuries = Array.from({ length: count }, () => reader.take(33, "pastTreasuries"));
  return makeMember({ status: status as MemberStatus, issuer, treasury, pastTreasuries });
}

function readWindow(reader: Reader): Window {
  return { delta: reader.i128("delta"), burns: reader.u128("burns") };
}

function readParameters(reader: Reader): Parameters {
  return {
    version: reader.u16("version"),
    reclaimDelayS: reader.safe("reclaimDelay"),
    openCycle: reader.safe("openCycle"),
    settledCycle: reader.safe("settledCycle"),
  };
}

function outpoint(reader: Reader): Outpoint {
  return toHex(reader.take(OUTPOINT_LENGTH, "outpoint"));
}

function owner(reader: Reader): Owner {
  return toHex(reader.take(OWNER_LENGTH, "owner"));
}

function u16(value: number): Uint8Array {
  return new Writer(2).u16(value).done();
}
