/** Leaves for tests: signed for real, of any shape, as many as wanted. */
import { randomBytes } from "node:crypto";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { consentMessage, type SignedEnrolment, signEnrolment } from "../../protocol/enrolment.ts";
import { ownerOf } from "../../protocol/key.ts";
import { leafHash, leafId } from "../../protocol/leaf.ts";
import { lock, outpointOf, type Outpoint, type Output } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { auditOf, type RecordBody, signRecord, type SignedRecord } from "../../protocol/record.ts";

export const networkId: Hex = `0x${"5a".repeat(32)}`;
export const networkIdBytes = fromHex(networkId, 32);

export type SpendOptions = {
  readonly signer?: NodeSigner;
  readonly inputs?: readonly Outpoint[];
  readonly outputs?: readonly Output[];
  readonly envelope?: Uint8Array;
};

/** An outpoint that nothing made. */
export function randomOutpoint(index = 0): Outpoint {
  return outpointOf(randomBytes(32), index);
}

export function outputTo(owner: Hex, amount = 100n, custodian = 1): Output {
  return { lock: lock.key, owner, custodian, amount };
}

/** A spend that is well formed; by default of one coin into two. */
export async function makeSpend(options: SpendOptions = {}): Promise<SignedRecord> {
  const signer = options.signer ?? NodeSigner.generate();
  const owner = ownerOf(signer.publicKey);
  const envelope = options.envelope ?? new Uint8Array();
  const body: RecordBody = {
    kind: "spend",
    inputs: [...(options.inputs ?? [randomOutpoint()])].sort(),
    outputs: options.outputs ?? [outputTo(owner), outputTo(owner, 5n)],
    counter: 1,
    time: 1_700_000_000_000,
    nonce: randomBytes(16),
    audit: auditOf(envelope),
  };
  return signRecord(networkIdBytes, body, signer, { envelope });
}

export async function makeSpends(count: number): Promise<SignedRecord[]> {
  const signer = NodeSigner.generate();
  return Promise.all(Array.from({ length: count }, () => makeSpend({ signer })));
}

/** The largest leaf there is. */
export function makeLargestSpend(): Promise<SignedRecord> {
  const signer = NodeSigner.generate();
  const outputs = Array.from({ length: 16 }, () => outputTo(ownerOf(signer.publicKey)));
  const inputs = Array.from({ length: 16 }, () => randomOutpoint());
  return makeSpend({ signer, inputs, outputs, envelope: new Uint8Array(randomBytes(512)) });
}

export async function makeEnrolment(
  device = NodeSigner.generate(),
  member = 1,
): Promise<SignedEnrolment> {
  const consent = await device.sign(consentMessage(networkIdBytes, member));
  const fields = { deviceKey: device.publicKey, member, consent, envelope: new Uint8Array() };
  return signEnrolment(networkIdBytes, fields, NodeSigner.generate());
}

/** How a pool or a store names a leaf. */
export function namesOf(leaf: SignedRecord | SignedEnrolment): { hash: Hex; id: Hex } {
  return { hash: leafHash(leaf.bytes), id: leafId(networkIdBytes, leaf) };
}

/** The outpoint of output `index` of a record. */
export function outpoint(record: SignedRecord, index = 0): Outpoint {
  return outpointOf(fromHex(leafId(networkIdBytes, record)), index);
}

/** A copy with one byte changed. */
export function corrupt(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 1;
  return copy;
}
