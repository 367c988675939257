/** Names, networks and ids, against hashes that are put together here by hand. */
import { createHash } from "node:crypto";
import { expect } from "chai";
import { concat, fromHex, type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import {
  digest,
  message,
  type MessageName,
  messageNames,
  networkIdOf,
} from "../../protocol/message.ts";
import { networkId, readVectors } from "./support/vectors.ts";

const vectors = readVectors<{
  tags: { name: MessageName; tag: Hex; body: Hex; message: Hex; digest: Hex }[];
  networks: { chainId: string; registry: Hex; anchor: Hex; expected: Hex }[];
  owners: { publicKey: Hex; expected: Hex }[];
}>("messages");

describe("messages", () => {
  it("begin with the hash of their name and with the network, and digests are their SHA-256", () => {
    expect(vectors.tags.map(({ name }) => name)).to.deep.equal(messageNames);
    for (const { name, tag, body, message: whole, digest: expected } of vectors.tags) {
      expect(hash(utf8.encode(`tallystick/${name}/v1`))).to.equal(tag);
      expect(whole).to.equal(toHex(concat(fromHex(tag), networkId, fromHex(body))));
      expect(toHex(message(name, networkId, fromHex(body)))).to.equal(whole);
      expect(toHex(digest(name, networkId, fromHex(body)))).to.equal(expected);
      expect(hash(fromHex(whole))).to.equal(expected);
    }
  });

  it("differ by name and by network, for one and the same body", () => {
    const body = new Uint8Array(8);
    const all = messageNames.flatMap((name) =>
      [networkId, new Uint8Array(32)].map((network) => toHex(digest(name, network, body))),
    );
    expect(new Set(all).size).to.equal(2 * messageNames.length);
  });

  it("are of a network whose id is bound to chain, registry and anchor", () => {
    for (const { chainId, registry, anchor, expected } of vectors.networks) {
      const id = networkIdOf(BigInt(chainId), fromHex(registry), fromHex(anchor));
      expect(id).to.equal(expected);
      const place = Buffer.alloc(8);
      place.writeBigUInt64BE(BigInt(chainId));
      const preimage = [
        utf8.encode("tallystick/network/v1"),
        place,
        fromHex(registry),
        fromHex(anchor),
      ];
      expect(hash(concat(...preimage))).to.equal(id);
    }
    expect(new Set(vectors.networks.map(({ expected }) => expected)).size).to.equal(3);
  });

  it("know an owner by the first 20 bytes of the hash of its key", () => {
    for (const { publicKey, expected } of vectors.owners) {
      expect(ownerOf(fromHex(publicKey))).to.equal(expected);
      expect(hash(fromHex(publicKey)).slice(0, 42)).to.equal(expected);
    }
  });
});

function hash(bytes: Uint8Array): Hex {
  return toHex(createHash("sha256").update(bytes).digest());
}
