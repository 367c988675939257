/**
 * The signature that a leaf carries in itself: whose it is, and of what. It can be checked apart from the leaf,
 * by a thread that knows nothing else.
 */
import { type MessageName, passingMessage } from "./message.ts";
import type { Verifier } from "./signature.ts";

export type OwnSignature = {
  readonly name: Extract<MessageName, "record" | "consent">;
  readonly body: Uint8Array;
  /** The key that it is by, compressed. */
  readonly by: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
};

export function isSigned(
  networkId: Uint8Array,
  { name, body, by, signature }: OwnSignature,
  verifier: Verifier,
): boolean {
  return verifier.verify(by, passingMessage(name, networkId, body), signature);
}
