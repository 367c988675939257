/** The authority's emergency profile, for devices that come here: the newest, checked and kept until it has ended. */
import type { CarriedList } from "../protocol/carried-lists.ts";
import {
  checkEmergencyProfileSignature,
  decodeEmergencyProfile,
  type SignedEmergencyProfile,
} from "../protocol/emergency-profile.ts";
import type { Verifier } from "../protocol/signature.ts";
import { keys } from "./keys.ts";
import type { Store } from "./store.ts";

export type EmergencyProfilesParts = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  readonly store: Store;
  readonly clock: () => number;
};

export class EmergencyProfiles {
  readonly #parts: EmergencyProfilesParts;
  #newest: SignedEmergencyProfile | undefined;

  private constructor(parts: EmergencyProfilesParts, newest: SignedEmergencyProfile | undefined) {
    this.#parts = parts;
    this.#newest = newest;
  }

  static async open(parts: EmergencyProfilesParts): Promise<EmergencyProfiles> {
    const bytes = await parts.store.get(keys.emergencyProfile);
    const newest = bytes === undefined ? undefined : decodeEmergencyProfile(bytes);
    return new EmergencyProfiles(parts, newest);
  }

  /**
   * Takes the published one, if it is newer. @param trustKey the key that devices with the newest trust list know.
   * @throws Refusal `bad-signature`.
   */
  async take(profile: SignedEmergencyProfile, trustKey: Uint8Array): Promise<void> {
    const { networkId, verifier, store } = this.#parts;
    if (profile.version <= (this.#newest?.version ?? -1)) return;
    checkEmergencyProfileSignature(networkId, profile, trustKey, verifier);
    await store.write([{ key: keys.emergencyProfile, value: profile.bytes }]);
    this.#newest = profile;
  }

  /** What a device lacks that holds this version, or none. */
  since(version: number | undefined): CarriedList[] {
    const newest = this.#newest;
    if (newest === undefined || newest.version <= (version ?? -1)) return [];
    if (this.#parts.clock() >= newest.notAfter) return [];
    return [{ kind: "emergency", bytes: newest.bytes }];
  }
}
