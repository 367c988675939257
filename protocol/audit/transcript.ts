/**
 * All that was said at a ceremony, as one file: whoever has it checks the audit key by itself, and knows the
 * public share by which each holder's answers are checked.
 *
 *     version u8 | plan length u32 + bytes | count u8 | (pledge length u32 + bytes) × count
 *     | (deal length u32 + bytes) × count | (verdict length u32 + bytes) × count
 */
import { type Hex, Reader, toHex, Writer } from "../bytes.ts";
import { sha256 } from "#sha256";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import type { Verifier } from "../signature.ts";
import { checkVerdicts, keyBytes, publicKeyOf, publicShare } from "./ceremony.ts";
import { decodeDeal, type SignedDeal } from "./deal.ts";
import { type CeremonyPlan, decodePlan, encodePlan, type PlannedHolder } from "./plan.ts";
import { decodePledge, type SignedPledge } from "./pledge.ts";
import { decodeVerdict, type SignedVerdict } from "./verdict.ts";

export const TRANSCRIPT_VERSION = 1;

export type Transcript = {
  readonly plan: CeremonyPlan;
  /** One of each holder, in their order. */
  readonly pledges: readonly SignedPledge[];
  readonly deals: readonly SignedDeal[];
  readonly verdicts: readonly SignedVerdict[];
};

export type ShareHolder = PlannedHolder & {
  readonly number: number;
  /** Its share times G. */
  readonly publicShare: Uint8Array;
};

/** An audit key that is shared, as anyone may know it. */
export type SharedAuditKey = {
  readonly epoch: number;
  readonly publicKey: Uint8Array;
  readonly threshold: number;
  /** By number, from 1. */
  readonly holders: readonly ShareHolder[];
};

export function encodeTranscript({ plan, pledges, deals, verdicts }: Transcript): Uint8Array {
  const writer = new Writer(4096).u8(TRANSCRIPT_VERSION).wide(encodePlan(plan)).u8(pledges.length);
  for (const { bytes } of [...pledges, ...deals, ...verdicts]) writer.wide(bytes);
  return writer.done();
}

/** @throws Refusal `unsupported-version`, `malformed`; `too-large`. What it says is not checked yet. */
export function decodeTranscript(bytes: Uint8Array): Transcript {
  if (bytes.length > limits.transcriptMax) {
    throw new Refusal("too-large", `a transcript has at most ${limits.transcriptMax} bytes`);
  }
  const reader = new Reader(bytes);
  const version = reader.u8("version");
  if (version !== TRANSCRIPT_VERSION) {
    const place = { field: "version", offset: 0 };
    throw new Refusal(
      "unsupported-version",
      `transcripts of version ${version} are unknown`,
      place,
    );
  }
  const plan = part(reader, "plan", decodePlan);
  const count = reader.count(1, 1, limits.shareHoldersMax, "count");
  const parts = <Step>(name: string, decode: (bytes: Uint8Array) => Step) =>
    Array.from({ length: count }, (_, i) => part(reader, `${name}[${i}]`, decode));
  const transcript = {
    plan,
    pledges: parts("pledges", decodePledge),
    deals: parts("deals", decodeDeal),
    verdicts: parts("verdicts", decodeVerdict),
  };
  reader.end("transcript");
  return transcript;
}

/** By what the chain names it: SHA-256 of its bytes. */
export function transcriptHash(transcript: Transcript): Hex {
  return toHex(sha256(encodeTranscript(transcript)));
}

/**
 * The key that came of the ceremony, and everyone's public share.
 * @throws Refusal `conflict`, `bad-signature`, `failed-ceremony`, naming the holder whose part does not hold.
 */
export async function checkTranscript(
  networkId: Uint8Array,
  { plan, pledges, deals, verdicts }: Transcript,
  verifier: Verifier,
): Promise<SharedAuditKey> {
  await checkVerdicts({ networkId, plan }, pledges, deals, verdicts, verifier);
  return {
    epoch: plan.epoch,
    publicKey: publicKeyOf(deals),
    threshold: plan.threshold,
    holders: plan.holders.map((holder, i) => ({
      ...holder,
      number: i + 1,
      publicShare: keyBytes(publicShare(deals, i + 1)),
    })),
  };
}

/** One part: a place inside it is told as one in the whole. */
function part<T>(reader: Reader, field: string, decode: (bytes: Uint8Array) => T): T {
  const bytes = reader.wide(limits.transcriptMax, field);
  const start = reader.offset - bytes.length;
  try {
    return decode(bytes);
  } catch (error) {
    if (!(error instanceof Refusal) || error.place === undefined) throw error;
    const place = { field: `${field}.${error.place.field}`, offset: start + error.place.offset };
    throw new Refusal(error.code, error.detail, place);
  }
}
