/**
 * A key of the member's that may be rotated while the gateway runs: of the keys that it holds, the one signs
 * that is named at present. So both files are configured before the registry is told, nothing stops, and the
 * old one is taken out when it is of no use any more.
 */
import { equalBytes } from "../protocol/bytes.ts";
import { type Owner, ownerOf } from "../protocol/key.ts";
import type { Signer } from "../protocol/signature.ts";

export class PresentKey implements Signer {
  /** All that are held; none of them is used up by a rotation. */
  readonly held: readonly Signer[];
  readonly #named: () => readonly (Uint8Array | undefined)[];

  /**
   * @param held at least one; the first signs while none of them is named.
   * @param named the keys that are known as the member's, the one that counts most first.
   */
  constructor(
    held: readonly (Signer | undefined)[],
    named: () => readonly (Uint8Array | undefined)[],
  ) {
    this.held = held.filter((key) => key !== undefined);
    this.#named = named;
  }

  /** The key that is named now. Take it once for what must not change halfway. */
  get present(): Signer {
    for (const name of this.#named()) {
      const key = this.held.find(
        ({ publicKey }) => name !== undefined && equalBytes(publicKey, name),
      );
      if (key !== undefined) return key;
    }
    return this.held[0]!;
  }

  get publicKey(): Uint8Array {
    return this.present.publicKey;
  }

  sign(message: Uint8Array): Promise<Uint8Array> {
    return this.present.sign(message);
  }

  /** The owners that coins of the held keys have. */
  get owners(): Owner[] {
    return this.held.map(({ publicKey }) => ownerOf(publicKey));
  }
}
