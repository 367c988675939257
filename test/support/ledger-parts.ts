/** What tests of the ledger are built from: keys by name, outputs, and leaves signed with those keys. */
import { sha256 } from "#sha256";
import { fromHex, type Hex, utf8 } from "../../protocol/bytes.ts";
import { consentMessage, type SignedEnrolment, signEnrolment } from "../../protocol/enrolment.ts";
import { NOBODY, ownerOf } from "../../protocol/key.ts";
import { networkIdOf } from "../../protocol/message.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import {
  auditOf,
  outpointsOf,
  recordId,
  type RecordKind,
  type SignedRecord,
  signRecord,
} from "../../protocol/record.ts";

/** Where the network of these tests would stand, as its network file says it. */
export const networkPlace = {
  chainId: 1,
  registry: `0x${"11".repeat(20)}`,
  anchor: `0x${"22".repeat(32)}`,
} as const;

export const networkId = fromHex(
  networkIdOf(
    BigInt(networkPlace.chainId),
    fromHex(networkPlace.registry, 20),
    fromHex(networkPlace.anchor, 32),
  ),
  32,
);

const keys = new Map<string, NodeSigner>();

/** The key of this name, the same in every run. */
export function keyOf(name: string): NodeSigner {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = NodeSigner.fromScalar(sha256(utf8.encode(`the key of ${name}`)));
  keys.set(name, key);
  return key;
}

/** A coin and its name. */
export type Coin = { readonly outpoint: Outpoint; readonly output: Output };

/** An output to the owner of a key. */
export function pay(to: NodeSigner, custodian: MemberId, amount: bigint): Output {
  return { lock: lock.key, owner: ownerOf(to.publicKey), custodian, amount };
}

/** An output to whoever shows `secret` to the custodian. */
export function promise(secret: Uint8Array, custodian: MemberId, amount: bigint): Output {
  return { lock: lock.claim, owner: ownerOf(secret), custodian, amount };
}

export function burn(custodian: MemberId, amount: bigint): Output {
  return { lock: lock.burn, owner: NOBODY, custodian, amount };
}

export type Draft = {
  readonly signer: NodeSigner;
  /** Coins or bare outpoints, in any order. */
  readonly inputs: readonly (Coin | Outpoint)[];
  readonly outputs: readonly Output[];
  /** Two records that are alike but for the counter have two ids. */
  readonly counter?: number;
  readonly preimage?: Uint8Array;
  readonly envelope?: Uint8Array;
};

export function spend(draft: Draft): Promise<SignedRecord> {
  return sign("spend", draft);
}

export function claim(draft: Draft): Promise<SignedRecord> {
  return sign("claim", draft);
}

export function reclaim(draft: Draft): Promise<SignedRecord> {
  return sign("reclaim", draft);
}

function sign(kind: RecordKind, draft: Draft): Promise<SignedRecord> {
  const { signer, outputs, counter = 0, preimage, envelope = new Uint8Array() } = draft;
  const inputs = draft.inputs
    .map((input) => (typeof input === "string" ? input : input.outpoint))
    .toSorted();
  const nonce = new Uint8Array(16);
  const body = { kind, inputs, outputs, counter, time: 0, nonce, audit: auditOf(envelope) };
  return signRecord(networkId, body, signer, { preimage, envelope });
}

export function idOf(record: SignedRecord): Hex {
  return recordId(networkId, record.body);
}

/** The coins that a record makes if it applies, burns included, in the order of its outputs. */
export function coinsOf(record: SignedRecord): Coin[] {
  const outpoints = outpointsOf(networkId, record);
  return record.outputs.map((output, index) => ({ outpoint: outpoints[index]!, output }));
}

/** Enrols `device` with `member`; the device consents. */
export function enrolment(
  device: NodeSigner,
  member: MemberId,
  issuer: NodeSigner,
  envelope: Uint8Array = new Uint8Array(),
): Promise<SignedEnrolment> {
  const consent = device.signSync(consentMessage(networkId, member));
  const fields = { deviceKey: device.publicKey, member, consent, envelope };
  return signEnrolment(networkId, fields, issuer);
}
