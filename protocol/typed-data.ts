/**
 * EIP-712 for the two statements that members sign with their validator keys: a batch is well formed
 * and held, a checkpoint is the state. The domain carries the network's id as salt.
 */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, type Hex, toHex, utf8 } from "./bytes.ts";
import { Refusal } from "./refusal.ts";

/** Where a signature is good: one chain, one Settlement, one network. */
export type Domain = {
  readonly chainId: bigint;
  /** Address of the Settlement's proxy. */
  readonly settlement: Hex;
  readonly networkId: Hex;
};

/** r ‖ s ‖ v, v 27 or 28. */
export const VALIDATOR_SIGNATURE_LENGTH = 65;

export const domainType =
  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)";

/** keccak-256 of a type's string: the first word of its struct. */
export function typeHash(type: string): Uint8Array {
  return keccak_256(utf8.encode(type));
}

export function structHash(typeHashWord: Uint8Array, ...words: readonly Uint8Array[]): Uint8Array {
  return keccak_256(concat(typeHashWord, ...words));
}

/** An integer as a 32-byte word, negative ones in two's complement. */
export function word(value: bigint | number): Uint8Array {
  const bytes = new Uint8Array(32);
  let rest = BigInt.asUintN(256, BigInt(value));
  for (let i = 31; rest > 0n; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** What is signed: keccak-256(19 01 ‖ domain separator ‖ struct hash). */
export function typedDigest(domain: Domain, struct: Uint8Array): Uint8Array {
  return keccak_256(concat(Uint8Array.of(0x19, 0x01), domainSeparator(domain), struct));
}

export function domainSeparator(domain: Domain): Uint8Array {
  return structHash(
    typeHash(domainType),
    typeHash("Tallystick"),
    typeHash("1"),
    word(domain.chainId),
    word(BigInt(domain.settlement)),
    fromHex(domain.networkId, 32),
  );
}

/** Signs a digest with a validator key: 65 bytes, low s. */
export function signTypedDigest(privateKey: Uint8Array, digest: Uint8Array): Uint8Array {
  const signature = secp256k1.sign(digest, privateKey, { prehash: false, format: "recovered" });
  return concat(signature.subarray(1), Uint8Array.of(27 + signature[0]!));
}

/**
 * The address that signed `digest`.
 * @throws Refusal `bad-signature` on another length, a high s, another v, or no such point.
 */
export function recoverValidator(digest: Uint8Array, signature: Uint8Array): Hex {
  const v = signature[64];
  if (signature.length !== VALIDATOR_SIGNATURE_LENGTH || (v !== 27 && v !== 28)) {
    throw new Refusal(
      "bad-signature",
      "a validator's signature is 65 bytes and ends with 27 or 28",
    );
  }
  try {
    const parsed = secp256k1.Signature.fromBytes(signature.subarray(0, 64), "compact");
    if (parsed.hasHighS()) throw new Error("high s");
    return addressOf(
      parsed
        .addRecoveryBit(v - 27)
        .recoverPublicKey(digest)
        .toBytes(false),
    );
  } catch (cause) {
    throw new Refusal(
      "bad-signature",
      `the validator's signature does not hold: ${(cause as Error).message}`,
    );
  }
}

/** The address of a validator's private key, lower case. */
export function validatorAddress(privateKey: Uint8Array): Hex {
  return addressOf(secp256k1.getPublicKey(privateKey, false));
}

function addressOf(uncompressed: Uint8Array): Hex {
  return toHex(keccak_256(uncompressed.subarray(1)).subarray(12));
}
