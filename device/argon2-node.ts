/**
 * Argon2id on Node: OpenSSL's, on a thread of its own, four times as fast as the portable one. The other end of
 * `#argon2` is argon2-portable.ts. No browser entry reaches this file.
 */
import * as crypto from "node:crypto";
import { promisify } from "node:util";
import type { Derive } from "../protocol/claim-code.ts";

/** As protocol/claim-code.ts says. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;

/** Node has it since 24.7; undefined before. */
export const argon2id: Derive | undefined = "argon2" in crypto ? derive : undefined;

function derive(password: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  const parameters = { message: password, nonce: salt, ...COST };
  return promisify(crypto.argon2)("argon2id", parameters);
}
