/**
 * What the authority publishes for devices, as one file: its trust lists, and the emergency profile where there
 * is one. Lists as gateways answer them: count u16 × (kind u8 | length u32 | list).
 */
import { readAnsweredLists, writeAnsweredLists } from "../protocol/answer.ts";
import { Reader, Writer } from "../protocol/bytes.ts";
import type { CarriedList } from "../protocol/carried-lists.ts";
import {
  decodeEmergencyProfile,
  type SignedEmergencyProfile,
} from "../protocol/emergency-profile.ts";
import { limits } from "../protocol/limits.ts";
import { decodeTrustList, type SignedTrustList } from "../protocol/lists.ts";
import { Refusal } from "../protocol/refusal.ts";

export type Published = {
  /** Ascending by version. */
  readonly trust: readonly SignedTrustList[];
  /** The newest. */
  readonly emergency?: SignedEmergencyProfile | undefined;
};

export function encodePublished({ trust, emergency }: Published): Uint8Array {
  const lists: CarriedList[] = trust.map(({ bytes }) => ({ kind: "trust", bytes }));
  if (emergency !== undefined) lists.push({ kind: "emergency", bytes: emergency.bytes });
  const writer = new Writer(1024);
  writeAnsweredLists(writer, lists);
  return writer.done();
}

/** @throws Refusal `malformed`, `too-large`. */
export function decodePublished(bytes: Uint8Array): Published {
  if (bytes.length > limits.gatewayAnswerMax) {
    throw new Refusal("too-large", `published lists have at most ${limits.gatewayAnswerMax} bytes`);
  }
  const reader = new Reader(bytes);
  const lists = readAnsweredLists(reader);
  reader.end("published lists");
  const ofKind = (kind: CarriedList["kind"]) =>
    lists.filter((list) => list.kind === kind).map((list) => list.bytes);
  return {
    trust: ofKind("trust").map(decodeTrustList).sort(byVersion),
    emergency: ofKind("emergency").map(decodeEmergencyProfile).sort(byVersion).at(-1),
  };
}

function byVersion(a: { readonly version: number }, b: { readonly version: number }): number {
  return a.version - b.version;
}
