/**
 * The other members' revocation lists, fetched from their gateways: a device that is paid by another bank's
 * customer needs that bank's list. A list counts if an issuer key signed it that the ledger or the trust list
 * has for its member, wherever it was found: while a key is rotated they differ for a while.
 */
import type { CarriedList } from "../protocol/carried-lists.ts";
import {
  checkRevocationListSignature,
  decodeRevocationList,
  type SignedRevocationList,
} from "../protocol/lists.ts";
import { limits } from "../protocol/limits.ts";
import type { GatewayAddress } from "../protocol/network-file.ts";
import type { MemberId } from "../protocol/output.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { Verifier } from "../protocol/signature.ts";
import type { Logger } from "../node/service/telemetry.ts";
import { fetchBytes } from "./fetch-bytes.ts";

export type ForeignListsParts = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  /** The other members' gateways, as the network file has them. */
  readonly gateways: readonly GatewayAddress[];
  /** The keys that may have signed a member's list. */
  readonly issuersOf: (member: MemberId) => readonly Uint8Array[];
  readonly logger: Logger;
};

/** Where a gateway serves its member's list. */
export const REVOCATIONS_PATH = "/v1/lists/revocations";

/** The longest list, and a little. */
const BYTES_MAX = 8 * limits.revocationsMax + 256;

export class ForeignLists {
  readonly #parts: ForeignListsParts;
  readonly #lists = new Map<MemberId, SignedRevocationList>();

  constructor(parts: ForeignListsParts) {
    this.#parts = parts;
  }

  /** Asks every gateway once. One that does not answer keeps the others waiting for a while, no more. */
  async refresh(): Promise<void> {
    await Promise.all(this.#parts.gateways.map((gateway) => this.#fetch(gateway)));
  }

  /** Those newer than the versions given. */
  since(versions: ReadonlyMap<MemberId, number>): CarriedList[] {
    return Array.from(this.#lists.values())
      .filter(({ member, version }) => version > (versions.get(member) ?? -1))
      .sort((a, b) => a.member - b.member)
      .map(({ bytes }) => ({ kind: "revocations", bytes }));
  }

  async #fetch({ member, url }: GatewayAddress): Promise<void> {
    try {
      const bytes = await fetchBytes(url.replace(/\/$/, "") + REVOCATIONS_PATH, BYTES_MAX);
      this.#take(member, decodeRevocationList(bytes));
    } catch (error) {
      this.#parts.logger.debug(
        { err: error, member, url },
        "no list from another member's gateway",
      );
    }
  }

  #take(member: MemberId, list: SignedRevocationList): void {
    const { networkId, verifier, issuersOf } = this.#parts;
    const [first, ...others] = issuersOf(member);
    if (list.member !== member || first === undefined) {
      throw new Refusal("untrusted-issuer", `the list is not one of member ${member}`);
    }
    if (list.version <= (this.#lists.get(member)?.version ?? -1)) return;
    const issuer = others.find((key) => isSignedBy(networkId, list, key, verifier)) ?? first;
    checkRevocationListSignature(networkId, list, issuer, verifier);
    this.#lists.set(member, list);
  }
}

function isSignedBy(
  networkId: Uint8Array,
  list: SignedRevocationList,
  issuer: Uint8Array,
  verifier: Verifier,
): boolean {
  try {
    checkRevocationListSignature(networkId, list, issuer, verifier);
    return true;
  } catch (error) {
    if (!isRefusal(error, "bad-signature")) throw error;
    return false;
  }
}
