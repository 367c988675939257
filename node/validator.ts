/**
 * The key that a member signs with for the consortium. It may hold two while one takes the place of the
 * other, and signs with the one that the registry names: the rotation then needs no moment at which the
 * node and the chain change together, and what was signed under the old key is signed again.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { MemberId } from "../protocol/output.ts";
import { Refusal } from "../protocol/refusal.ts";
import { signTypedDigest, validatorAddress } from "../protocol/typed-data.ts";
import type { Directory } from "./directory.ts";

export class Validator {
  readonly member: MemberId;
  readonly #directory: Pick<Directory, "validatorOf">;
  readonly #keys: ReadonlyMap<Hex, Uint8Array>;

  /** @param keys private ones, secp256k1. */
  constructor(
    member: MemberId,
    keys: readonly Uint8Array[],
    directory: Pick<Directory, "validatorOf">,
  ) {
    this.member = member;
    this.#directory = directory;
    this.#keys = new Map(keys.map((key) => [validatorAddress(key), key]));
  }

  /** Why this member's signature does not count now; undefined if it does. */
  get obstacle(): string | undefined {
    const named = this.#directory.validatorOf(this.member);
    if (named === undefined) return `member ${this.member} is not active`;
    if (this.#keys.has(named)) return undefined;
    return `the registry names validator ${named}, whose key this node does not hold`;
  }

  /** Signs a digest: 65 bytes. @throws Refusal `unavailable` where the signature would not count. */
  sign(digest: Uint8Array): Uint8Array {
    const { obstacle } = this;
    if (obstacle !== undefined) throw new Refusal("unavailable", obstacle);
    return signTypedDigest(this.#keys.get(this.#directory.validatorOf(this.member)!)!, digest);
  }

  /** What a quorum over a digest begins with: this member's own signature, by signer, if it counts. */
  beginQuorum(digest: Uint8Array): Map<Hex, Uint8Array> {
    if (this.obstacle !== undefined) return new Map();
    return new Map([[this.#directory.validatorOf(this.member)!, this.sign(digest)]]);
  }
}
