/** Parts that do not do what a purse needs of them: the purse is whole, and the device is not. */
import { normaliseSignature, type Signer, type Verifier } from "../../../../protocol/signature.ts";
import type { PurseStore, StoreChange } from "../../../../device/purse-store.ts";
import { highS } from "../../../support/high-s.ts";
import type { Fit } from "./memory-bench.ts";

export type UnfitPart = {
  readonly name: string;
  readonly fit: Fit;
  /** The cases that find it, and no others do. */
  readonly found: readonly string[];
};

export const unfitParts: readonly UnfitPart[] = [
  {
    name: "signs with a high s",
    fit: (parts) => ({ ...parts, signer: careless(parts.signer) }),
    found: ["signs-low-s", "request-own"],
  },
  {
    name: "takes a high s",
    fit: (parts) => ({ ...parts, verifier: lenient(parts.verifier) }),
    found: ["high-s-from-devices", "high-s-from-banks"],
  },
  {
    name: "says that a write is durable before it is",
    fit: (parts) => ({ ...parts, store: new LazyStore(parts.store) }),
    found: [
      "list-older-after-restart",
      "request-kept",
      "request-stays-closed",
      "payment-kept",
      "answer-kept",
      "pin-needed",
      "pin-tries",
      "pin-right-gives-tries-back",
      "pin-unblocked",
      "unblocking-tries",
      "second-factor-needed",
      "second-factor-tries",
      "second-factor-cut",
      "parcel-opens",
      "parcel-answered",
      "cut-when-asking",
      "cut-when-paying",
      "cut-when-paid",
      "cut-when-loaded",
    ],
  },
];

/** As chips and OpenSSL do half the time. */
function careless(signer: Signer): Signer {
  return {
    publicKey: signer.publicKey,
    sign: async (message) => highS(await signer.sign(message)),
  };
}

function lenient(strict: Verifier): Verifier {
  return {
    isKey: (key) => strict.isKey(key),
    verify: (key, message, signature) => strict.verify(key, message, normaliseSignature(signature)),
  };
}

/** Keeps its last write to itself until the next one comes. */
class LazyStore implements PurseStore {
  readonly #inner: PurseStore;
  #last: readonly StoreChange[] = [];

  constructor(inner: PurseStore) {
    this.#inner = inner;
  }

  rows(): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#inner.rows();
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    await this.#inner.write(this.#last);
    this.#last = changes;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
