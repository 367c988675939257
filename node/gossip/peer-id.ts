/**
 * The name a node has among its peers: a libp2p peer id, made from an Ed25519 key. Apart from the host,
 * so that tools which make keys need not load the network.
 */
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey, PeerId } from "@libp2p/interface";
import { peerIdFromPrivateKey, peerIdFromString } from "@libp2p/peer-id";
import { Refusal } from "../../protocol/refusal.ts";

/** @param seed 32 bytes: the whole secret of a node's identity. */
export function peerKeyOf(seed: Uint8Array): Promise<Ed25519PrivateKey> {
  return generateKeyPairFromSeed("Ed25519", seed);
}

/** The peer id that goes with a seed, as the registry and the allow-lists carry it: "12D3Koo…". */
export async function peerIdOf(seed: Uint8Array): Promise<string> {
  return peerIdFromPrivateKey(await peerKeyOf(seed)).toString();
}

/** @throws Refusal `malformed` on text that is no peer id. */
export function parsePeerId(text: string): PeerId {
  try {
    return peerIdFromString(text);
  } catch {
    throw new Refusal("malformed", `"${text}" is not a peer id`);
  }
}
