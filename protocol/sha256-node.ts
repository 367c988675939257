/** SHA-256 on Node: OpenSSL's, in one call. The other end of `#sha256` is sha256-portable.ts. */
import { hash } from "node:crypto";

export function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}
