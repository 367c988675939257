/** Records that are in order but for one thing: the coin they spend never was. Anyone can sign any number. */
import { toHex } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import { joinOutpoint, lock } from "../../protocol/output.ts";
import type { NodeSigner } from "../../protocol/p256-node.ts";
import { auditOf, signRecord } from "../../protocol/record.ts";
import type { Stage } from "./stage.ts";

/** @returns the bytes of `count` of them, none like another. */
export async function spendUnknownCoins(
  { networkId, chance }: Stage,
  signer: NodeSigner,
  count: number,
): Promise<Uint8Array[]> {
  const owner = ownerOf(signer.publicKey);
  const leaves: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const body = {
      kind: "spend",
      inputs: [joinOutpoint(toHex(chance.bytes(32)), 0)],
      outputs: [{ lock: lock.key, owner, custodian: 1, amount: 1n }],
      counter: 1,
      time: 0,
      nonce: chance.bytes(16),
      audit: auditOf(new Uint8Array()),
    } as const;
    leaves.push((await signRecord(networkId, body, signer)).bytes);
  }
  return leaves;
}
