/** Who the registry says is in the network and under which parameters, in our words and units. Pure. */
import type { Result } from "ethers";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { MemberStatus } from "../../protocol/rules.ts";

/** What a network agrees on. */
export type NetworkParameters = {
  /** Of rules and formats, from 1. */
  readonly version: number;
  /** Fine for a double spend, in percent of the amount. */
  readonly penaltyPercent: number;
  /** Blocks on top of an event's block before a node reads it. */
  readonly confirmations: number;
  readonly blockPeriodMs: number;
  readonly minCycleS: number;
  /** Of receipts and certificates, at most. */
  readonly receiptLifeS: number;
  /** From a revocation to the first reclaim; more than `receiptLifeS`. */
  readonly reclaimDelayS: number;
  /** How long after its cycle settled a double spend may be reported. */
  readonly claimPeriodS: number;
  /** How long members serve what they folded; at least `claimPeriodS`. */
  readonly retentionS: number;
};

/** The keys of a member; those of P-256 compressed, 33 bytes. */
export type MemberKeys = {
  /** Address of the secp256k1 key that endorses and signs checkpoints. */
  readonly validator: Hex;
  readonly issuer: Uint8Array;
  readonly treasury: Uint8Array;
  readonly intake: Uint8Array;
};

/** Under what name an institution is known. */
export type MemberProfile = {
  readonly name: string;
  /** ISO 9362, 8 or 11 characters. */
  readonly bic: string;
  /** ISO 17442, 20 characters. */
  readonly lei: string;
};

/** How a node is reached. */
export type Peer = {
  readonly peerId: string;
  /** Multiaddresses, at most 8. */
  readonly addresses: readonly string[];
};

/** What the authority states about a member when it admits it. */
export type Admission = MemberProfile &
  MemberKeys &
  Peer & {
    /** The account that speaks for the member on chain. */
    readonly operator: Hex;
    /** How much reserve it may hold for issuance. */
    readonly quota: Amount;
    /** The most that is paid per device for double spends. */
    readonly guarantee: Amount;
  };

/** All that is known of a member. */
export type MemberEntry = Omit<Admission, "guarantee"> & {
  readonly member: MemberId;
  readonly status: MemberStatus;
  /** `current` before `fromS`, `next` from then on. */
  readonly guarantee: { readonly current: Amount; readonly next: Amount; readonly fromS: number };
};

export type ObserverEntry = Peer & { readonly name: string };

export type RegistryDirectory = {
  /** Every member that was ever admitted, by id. */
  readonly members: readonly MemberEntry[];
  readonly observers: readonly ObserverEntry[];
};

/** As the registry's functions return it. */
export function parametersOf(row: Result): NetworkParameters {
  return {
    version: Number(row["version"]),
    penaltyPercent: Number(row["penaltyPercent"]),
    confirmations: Number(row["confirmations"]),
    blockPeriodMs: Number(row["blockPeriodMs"]),
    minCycleS: Number(row["minCycle"]),
    receiptLifeS: Number(row["receiptLife"]),
    reclaimDelayS: Number(row["reclaimDelay"]),
    claimPeriodS: Number(row["claimPeriod"]),
    retentionS: Number(row["retention"]),
  };
}

/** As the registry's functions take it. */
export function parametersFor(parameters: NetworkParameters): Record<string, number> {
  const { minCycleS, receiptLifeS, reclaimDelayS, claimPeriodS, retentionS, ...same } = parameters;
  return {
    ...same,
    minCycle: minCycleS,
    receiptLife: receiptLifeS,
    reclaimDelay: reclaimDelayS,
    claimPeriod: claimPeriodS,
    retention: retentionS,
  };
}

export function directoryOf([members, observers]: Result): RegistryDirectory {
  return {
    members: (members as Result[]).map(memberOf),
    observers: (observers as Result[]).map((row) => ({
      name: row["name"] as string,
      ...peerOf(row["peer"]),
    })),
  };
}

function memberOf(row: Result): MemberEntry {
  const { profile, guarantee } = row;
  // As a property it would be the array's method.
  const keys = row.getValue("keys") as Result;
  return {
    member: Number(row["id"]),
    status: Number(row["status"]) as MemberStatus,
    operator: lower(row["operator"]),
    quota: row["quota"],
    guarantee: { current: guarantee.current, next: guarantee.next, fromS: Number(guarantee.from) },
    name: profile.name,
    bic: profile.bic,
    lei: profile.lei,
    validator: lower(keys.validator),
    issuer: fromHex(keys.issuer, 33),
    treasury: fromHex(keys.treasury, 33),
    intake: fromHex(keys.intake, 33),
    ...peerOf(row["peer"]),
  };
}

function peerOf(row: Result): Peer {
  return { peerId: row["id"], addresses: [...row["addresses"]] };
}

export function keysFor({ validator, issuer, treasury, intake }: MemberKeys): Record<string, Hex> {
  return { validator, issuer: toHex(issuer), treasury: toHex(treasury), intake: toHex(intake) };
}

export function peerFor({ peerId, addresses }: Peer): {
  readonly id: string;
  readonly addresses: readonly string[];
} {
  return { id: peerId, addresses };
}

export function profileFor({ name, bic, lei }: MemberProfile): MemberProfile {
  return { name, bic, lei };
}

export function admissionFor(admission: Admission): Record<string, unknown> {
  const { operator, quota, guarantee } = admission;
  return {
    operator,
    profile: profileFor(admission),
    keys: keysFor(admission),
    peer: peerFor(admission),
    quota,
    guarantee,
  };
}

function lower(address: string): Hex {
  return address.toLowerCase() as Hex;
}
