/** Whose purse it is, and what the purse is given to work with: key, time, randomness, the network. */
import { fromHex, type Hex, toHex } from "../protocol/bytes.ts";
import type { DeviceClass, SignedCertificate } from "../protocol/certificate.ts";
import type { PlaceCode } from "../protocol/emergency-profile.ts";
import { type Owner, ownerOf } from "../protocol/key.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../protocol/output.ts";
import type { Random } from "../protocol/random.ts";
import { outpointsOf, recordId, type SignedRecord } from "../protocol/record.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Signer, Verifier } from "../protocol/signature.ts";
import type { PurseStore } from "./purse-store.ts";
import type { Draft } from "./purse-tables.ts";
import type { Knowledge } from "./trust.ts";

export type PurseParts = {
  readonly networkId: Hex;
  /** The bank that keeps the device's coins. */
  readonly member: MemberId;
  /** What kind of device this is; its member decides whether it certifies it as such. */
  readonly class: DeviceClass;
  /** Holds the device key. */
  readonly signer: Signer;
  /** Checks what others signed, their certificates too: a network with other certificates gives another. */
  readonly verifier: Verifier;
  readonly store: PurseStore;
  readonly random: Random;
  /** The host's clock in milliseconds; 0 where there is none. */
  readonly clock: () => number;
  /** Where the host says the device is: emergency profiles are for places. */
  readonly place?: (() => PlaceCode) | undefined;
  /** The record that took a coin elsewhere, as other tills of the shop tell: the coin is refused. */
  readonly rival?: ((outpoint: Outpoint) => Hex | undefined) | undefined;
  /** The authority's trust key that the device was made with. */
  readonly trustKey: Uint8Array;
  /** How long receipts and certificates may live, in milliseconds: a parameter of the network. */
  readonly receiptLifeMs: number;
};

/** The parts that operations work with. */
export type Holder = Omit<PurseParts, "networkId" | "store" | "trustKey" | "place" | "rival"> & {
  readonly networkId: Uint8Array;
  readonly owner: Owner;
  readonly place: () => PlaceCode;
  readonly rival: (outpoint: Outpoint) => Hex | undefined;
  /** The device key, as it names rows. */
  readonly key: Hex;
};

export function holderOf(parts: PurseParts): Holder {
  const { member, class: deviceClass, signer, verifier, random, clock, receiptLifeMs } = parts;
  return {
    member,
    class: deviceClass,
    signer,
    verifier,
    random,
    clock,
    receiptLifeMs,
    networkId: fromHex(parts.networkId, 32, "networkId"),
    owner: ownerOf(signer.publicKey),
    place: parts.place ?? (() => ""),
    rival: parts.rival ?? (() => undefined),
    key: toHex(signer.publicKey),
  };
}

/** What the device knows as of a draft. */
export function knowledgeOf(holder: Holder, draft: Draft): Knowledge {
  const { networkId, verifier, receiptLifeMs } = holder;
  return {
    networkId,
    verifier,
    receiptLifeMs,
    trust: draft.get("trust", ""),
    revocations: (member) => draft.get("revocations", String(member)),
    emergency: draft.get("emergency", ""),
    place: holder.place(),
    now: Math.max(holder.clock(), draft.get("purse", "")!.signedTime),
  };
}

/** @throws Refusal `sync-needed` before the device is certified. */
export function ownCertificate(holder: Holder, draft: Draft): SignedCertificate {
  const certificate = draft.get("certificates", holder.key);
  if (certificate === undefined) {
    throw new Refusal("sync-needed", "the device has no certificate yet");
  }
  return certificate;
}

export function idOf(holder: Holder, record: SignedRecord): Hex {
  return recordId(holder.networkId, record.body);
}

/** A coin of the device's own that a record makes. */
export type OwnOutput = { readonly outpoint: Outpoint; readonly output: Output };

export function isOwn(holder: Holder, output: Output): boolean {
  return (
    output.lock === lock.key && output.owner === holder.owner && output.custodian === holder.member
  );
}

export function ownOutputs(holder: Holder, record: SignedRecord): OwnOutput[] {
  const outpoints = outpointsOf(holder.networkId, record);
  return record.outputs.flatMap((output, i) =>
    isOwn(holder, output) ? [{ outpoint: outpoints[i]!, output }] : [],
  );
}

/** Whether a payment was made to whoever has a code. */
export function isToCode({ record }: { readonly record: SignedRecord }): boolean {
  return record.outputs.some((output) => output.lock === lock.claim);
}

/** Whether coins of the device's were merged: its record pays nobody else. */
export function isMerging(holder: Holder, { record }: { readonly record: SignedRecord }): boolean {
  return record.outputs.every((output) => isOwn(holder, output));
}

export function sumOf(outputs: readonly { readonly output: Output }[]): bigint {
  return outputs.reduce((sum, { output }) => sum + output.amount, 0n);
}
