/**
 * The authority's next emergency profile: how far devices may go offline, where, and until when. It is published
 * beside the trust lists and takes the place of the one before.
 */
import { encodePublished } from "../../gateway/published.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import {
  type LimitFactors,
  type PlaceCode,
  type SignedEmergencyProfile,
  signEmergencyProfile,
} from "../../protocol/emergency-profile.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Signer } from "../../protocol/signature.ts";
import { checkSigner, readPublished } from "./published-file.ts";

export type NextProfile = {
  readonly networkId: Uint8Array;
  readonly factors: LimitFactors;
  /** None is everywhere. */
  readonly places: readonly PlaceCode[];
  /** For how long from now on, in milliseconds. */
  readonly lifeMs: number;
  /** Milliseconds. */
  readonly now: number;
};

/** @throws Refusal `conflict` if the key is not the one that devices expect, `malformed` for no place code. */
export async function publishProfile(
  path: string,
  trustKey: Signer,
  { networkId, factors, places, lifeMs, now }: NextProfile,
): Promise<SignedEmergencyProfile> {
  const published = await readPublished(path);
  checkSigner(published, trustKey);
  const fields = {
    // The seconds of the clock: a profile that was dropped from the file with its key is outnumbered too.
    version: Math.max((published.emergency?.version ?? 0) + 1, Math.floor(now / 1000)),
    issued: now,
    notBefore: now,
    notAfter: now + lifeMs,
    factors,
    places: [...new Set(places)].sort(),
  };
  const emergency = await signEmergencyProfile(networkId, fields, trustKey);
  await replaceFile(path, encodePublished({ ...published, emergency }));
  return emergency;
}

/**
 * Ends the profile that is in force: one that changes nothing takes its place, for as long as it would have lasted.
 * @throws Refusal `not-found` where none is.
 */
export async function endProfile(
  path: string,
  trustKey: Signer,
  { networkId, now }: Pick<NextProfile, "networkId" | "now">,
): Promise<SignedEmergencyProfile> {
  const { emergency } = await readPublished(path);
  if (emergency === undefined || emergency.notAfter <= now) {
    throw new Refusal("not-found", `no emergency profile of ${path} is in force`);
  }
  const factors = { payment: 100, count: 100, balance: 100, depth: 100 };
  const lifeMs = emergency.notAfter - now;
  return publishProfile(path, trustKey, { networkId, factors, places: [], lifeMs, now });
}
