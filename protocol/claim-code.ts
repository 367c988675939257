/**
 * A code for a payee without an account: money is locked to a secret, which whoever has the code and the
 * payee's password works out, at any gateway of the coin's custodian. The device makes 10 random bytes; the
 * code is those bytes for people; the secret of the claim comes from them and the password:
 *
 *     secret = Argon2id(password, salt = digest("code", networkId, bytes), t 2, m 19,456 KiB, p 1), 32 bytes
 *     code   = 18 characters of Crockford's base32: the 80 bits, then the first 10 bits of the salt
 *
 * (RFC 9106, version 0x13; the password is NFKC in UTF-8.) The bytes alone keep members, who see the lock,
 * from guessing: 80 bits are beyond them whatever the password. The password keeps a finder of the code from
 * the money: a gateway bounds the tries, and a member that has found a code pays Argon2id for each of its own.
 */
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { utf8 } from "./bytes.ts";
import { limits } from "./limits.ts";
import { digest } from "./message.ts";
import type { Random } from "./random.ts";
import { Refusal } from "./refusal.ts";

/** Bytes of a code: 80 bits. */
export const CODE_LENGTH = 10;

/** OWASP's least memory for Argon2id: a fifth of a second of computing in a browser's JavaScript. */
const COST = { t: 2, m: 19_456, p: 1, dkLen: limits.preimageLength } as const;

/** Argon2id at the cost that is said above: 32 bytes. */
export type Derive = (password: Uint8Array, salt: Uint8Array) => Promise<Uint8Array>;

const deriveHere: Derive = (password, salt) => argon2idAsync(password, salt, COST);

/** Without I, L, O, U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS = 18;
const WRITTEN = /^[0-9A-HJKMNP-TV-Z]{18}$/;
const CHECK_BITS = 10n;

export function makeCode(random: Random): Uint8Array {
  return random(CODE_LENGTH);
}

/** Three groups of six characters. */
export function formatCode(networkId: Uint8Array, code: Uint8Array): string {
  let bits = checkOf(networkId, code);
  code.forEach((byte, i) => {
    bits |= BigInt(byte) << (CHECK_BITS + BigInt(8 * (CODE_LENGTH - 1 - i)));
  });
  const characters = Array.from({ length: CHARACTERS }, (_, i) => {
    const shift = BigInt(5 * (CHARACTERS - 1 - i));
    return ALPHABET[Number((bits >> shift) & 31n)]!;
  });
  return characters.join("").replace(/.{6}(?=.)/g, "$&-");
}

/**
 * Reads a code as people write it: in either case, with or without hyphens and spaces, I and L for 1, O for 0.
 * @throws Refusal `malformed`, also for a slip of the pen or a code of another network.
 */
export function parseCode(networkId: Uint8Array, text: string): Uint8Array {
  const written = text.toUpperCase().replace(/[-\s]/g, "").replace(/[IL]/g, "1").replace(/O/g, "0");
  if (!WRITTEN.test(written)) {
    throw new Refusal("malformed", `a code has ${CHARACTERS} letters and digits`);
  }
  let bits = 0n;
  for (const character of written) bits = bits * 32n + BigInt(ALPHABET.indexOf(character));
  const code = Uint8Array.from({ length: CODE_LENGTH }, (_, i) =>
    Number((bits >> (CHECK_BITS + BigInt(8 * (CODE_LENGTH - 1 - i)))) & 0xffn),
  );
  if ((bits & 0x3ffn) !== checkOf(networkId, code)) {
    throw new Refusal("malformed", "the code was not copied right, or is of another network");
  }
  return code;
}

/**
 * The secret of the claim: what the lock is the hash of, and what a claim shows as its preimage.
 * @param derive for those who have faster means than portable JavaScript.
 * @throws Refusal `malformed` for a password that is too short or too long.
 */
export async function codeSecret(
  networkId: Uint8Array,
  code: Uint8Array,
  password: string,
  derive = deriveHere,
): Promise<Uint8Array> {
  const written = utf8.encode(password.normalize("NFKC"));
  const { passwordMin, passwordMax } = limits;
  if (written.length < passwordMin || written.length > passwordMax) {
    throw new Refusal("malformed", `a password has ${passwordMin} to ${passwordMax} bytes`);
  }
  return derive(written, digest("code", networkId, code));
}

function checkOf(networkId: Uint8Array, code: Uint8Array): bigint {
  const [first, second] = digest("code", networkId, code);
  return BigInt((first! << 2) | (second! >> 6));
}
