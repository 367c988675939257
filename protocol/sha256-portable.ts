/** SHA-256 in browsers and on devices. The other end of `#sha256` is sha256-node.ts. */
export { sha256 } from "@noble/hashes/sha2.js";
