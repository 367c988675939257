/** Names, tags and digests: what keeps a signature of one structure or network from being one of another. */
import { sha256 } from "#sha256";
import { toHex, utf8 } from "../../protocol/bytes.ts";
import { digest, message, messageNames, networkIdOf } from "../../protocol/message.ts";
import { ownerOf } from "../../protocol/key.ts";
import { bytes, key, networkId } from "./keys.ts";

export function messages() {
  const body = bytes("body", 40);
  const [registry, anchor] = [bytes("registry", 20), bytes("anchor", 32)];
  return {
    tags: messageNames.map((name) => ({
      name,
      tag: toHex(sha256(utf8.encode(`tallystick/${name}/v1`))),
      body: toHex(body),
      message: toHex(message(name, networkId, body)),
      digest: toHex(digest(name, networkId, body)),
    })),
    networks: [1n, 31_337n, 2n ** 64n - 1n].map((chainId) => ({
      chainId: chainId.toString(),
      registry: toHex(registry),
      anchor: toHex(anchor),
      expected: networkIdOf(chainId, registry, anchor),
    })),
    owners: ["a", "b"].map((name) => ({
      publicKey: toHex(key(name).publicKey),
      expected: ownerOf(key(name).publicKey),
    })),
  };
}
