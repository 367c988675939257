/** Argon2id in browsers and on devices: none of their own, the protocol's. The other end of `#argon2` is argon2-node.ts. */
import type { Derive } from "../protocol/claim-code.ts";

export const argon2id: Derive | undefined = undefined;
