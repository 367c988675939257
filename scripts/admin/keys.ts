/** Key files for every part there is, and what of a key is public. */
import { peerIdOf } from "../../node/gossip/peer-id.ts";
import { createKeyFile, loadKeyFile } from "../../node/service/key-file.ts";
import { type KeyKind, keyKinds, StoredKey } from "../../node/service/stored-key.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";

/** What a key is for, and of which kind it must be. */
export const keyUses = {
  issuer: "P-256",
  treasury: "P-256",
  intake: "P-256",
  trust: "P-256",
  holder: "P-256",
  requester: "P-256",
  validator: "secp256k1",
  operator: "secp256k1",
  authority: "secp256k1",
  deployer: "secp256k1",
  peer: "Ed25519",
} as const satisfies Record<string, KeyKind>;

/** What others may know of a key. */
export type PublicKey = {
  readonly kind: KeyKind;
  readonly publicKey: Hex;
  /** Of P-256: what coins of this key name. */
  readonly owner?: Hex;
  /** Of secp256k1: the account, or the validator. */
  readonly address?: Hex;
  /** Of Ed25519. */
  readonly peerId?: string;
};

/**
 * Makes a key file that its owner alone can read.
 * @param use what the key is for, or the kind itself. @throws Refusal `malformed`, `conflict`.
 */
export async function makeKey(use: string, path: string): Promise<PublicKey> {
  const key = StoredKey.generate(kindOf(use));
  await createKeyFile(path, key);
  return publicKeyOf(key);
}

/** @throws Refusal as `loadKeyFile` does. */
export async function readPublicKey(path: string): Promise<PublicKey> {
  return publicKeyOf(await loadKeyFile(path));
}

function kindOf(use: string): KeyKind {
  if (Object.hasOwn(keyUses, use)) return keyUses[use as keyof typeof keyUses];
  const kind = keyKinds.find((each) => each === use);
  if (kind !== undefined) return kind;
  const uses = [...Object.keys(keyUses), ...keyKinds].join(", ");
  throw new Refusal("malformed", `"${use}" is not one of ${uses}`);
}

async function publicKeyOf(key: StoredKey): Promise<PublicKey> {
  const { kind, publicKey } = key.toJSON();
  switch (kind) {
    case "P-256":
      return { kind, publicKey, owner: ownerOf(key.publicKey) };
    case "secp256k1":
      return { kind, publicKey, address: validatorAddress(key.reveal()) };
    case "Ed25519":
      return { kind, publicKey, peerId: await peerIdOf(key.reveal()) };
  }
}
