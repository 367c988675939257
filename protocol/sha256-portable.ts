/** SHA-256 in browsers and on devices. The other end of `#sha256` is sha256-node.ts. */
import { sha256 } from "@noble/hashes/sha2.js";

export { sha256 };

/** The first two bytes of the digest, big-endian. */
export function sha256Head(bytes: Uint8Array): number {
  const [first, second] = sha256(bytes);
  return (first! << 8) | second!;
}
