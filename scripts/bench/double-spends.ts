/**
 * Coins that were spent twice, as bytes: devices, records they signed, cycles in which the winners were
 * applied, and the proofs that a member brings before the contract. For measuring and for the contracts'
 * tests, as `consortium.ts` is.
 */
import { p256 } from "@noble/curves/nist.js";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import { encodeDeposit, depositOutpoint } from "../../protocol/deposit.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { hashLeaf, merkleProof, merkleRoot } from "../../protocol/merkle.ts";
import { message } from "../../protocol/message.ts";
import { lock, type Outpoint, type Output, splitOutpoint } from "../../protocol/output.ts";
import {
  decodeRecord,
  encodeRecord,
  encodeRecordBody,
  type RecordBody,
  type RecordKind,
  recordId,
  type SignedRecord,
} from "../../protocol/record.ts";
import type { Signer } from "../../protocol/signature.ts";
import { doubleSpendFor } from "../../node/chain/disputes.ts";
import { type Consortium, seed, settle } from "./consortium.ts";

/** A key and the member that keeps its coins. */
export type Device = {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly owner: Owner;
  readonly member: number;
};

export type Coin = {
  readonly parent: Uint8Array;
  readonly outpoint: Outpoint;
  readonly output: Output;
};

export type Applied = {
  readonly cycle: number;
  readonly ids: readonly Hex[];
};

/** The key that `name` decides. A member's treasury is the device "treasury 3 0", as its keys have it. */
export function device(name: string, member: number): Device {
  const privateKey = seed(name);
  const publicKey = p256.getPublicKey(privateKey);
  return { privateKey, publicKey, owner: ownerOf(publicKey), member };
}

/** A coin of the device, made by an event of the ledger. */
export function coinOf(consortium: Consortium, owner: Device, amount: bigint, seq: number): Coin {
  const output = { lock: lock.key, owner: owner.owner, custodian: owner.member, amount };
  const parent = { seq, output };
  return {
    parent: encodeDeposit(parent),
    outpoint: depositOutpoint(networkOf(consortium), parent),
    output,
  };
}

/** A coin that a record made. */
export function outputOf(consortium: Consortium, record: SignedRecord, index: number): Coin {
  const outpoint = `${idOf(consortium, record)}${index.toString(16).padStart(2, "0")}` as Outpoint;
  return { parent: record.body, outpoint, output: record.outputs[index]! };
}

export type Spending = {
  readonly kind?: RecordKind;
  /** Records of another name are other records. */
  readonly name: string;
  readonly coins: readonly Coin[];
  readonly by: Device;
  readonly outputs?: readonly Output[];
  readonly preimage?: Uint8Array;
};

/** A record that spends coins, signed. */
export function spend(consortium: Consortium, spending: Spending): SignedRecord {
  const { kind = "spend", name, coins, by, preimage } = spending;
  const body: RecordBody = {
    kind,
    inputs: coins.map(({ outpoint }) => outpoint).sort(),
    outputs: spending.outputs ?? coins.map(({ output }) => output),
    counter: 1,
    time: 1_790_000_000_000,
    nonce: seed(name).subarray(0, 16),
    audit: new Uint8Array(32),
  };
  const signed = message("record", networkOf(consortium), encodeRecordBody(body));
  const signature = signBy(by, signed);
  const witness = { preimage, envelope: new Uint8Array() };
  return decodeRecord(encodeRecord({ ...body, ...witness, signer: by.publicKey, signature }));
}

function signBy({ privateKey }: Device, signed: Uint8Array): Uint8Array {
  return p256.sign(signed, privateKey, { lowS: true });
}

export function idOf(consortium: Consortium, record: SignedRecord): Hex {
  return recordId(networkOf(consortium), record.body);
}

/** Closes and settles a cycle in which these records were applied, and nothing else came about. */
export async function apply(
  consortium: Consortium,
  records: readonly SignedRecord[],
): Promise<Applied> {
  return applyIds(
    consortium,
    records.map((record) => idOf(consortium, record)),
  );
}

/** The same of records whose ids alone are known. */
export async function applyIds(consortium: Consortium, ids: readonly Hex[]): Promise<Applied> {
  const { applied, checkpoint } = await closeOver(consortium, ids);
  await settle(consortium, checkpoint);
  return applied;
}

/** Closes a cycle in which these were applied, and leaves it to be settled by its checkpoint. */
export async function closeOver(consortium: Consortium, ids: readonly Hex[]) {
  const { settlement, members, connection } = consortium;
  const cycle = Number(await settlement.openCycle());
  await connection.networkHelpers.time.increase(60);
  await settlement.connect(members[0]!.operator).closeCycle();
  const { boundary, inflow } = await settlement.getCycle(cycle);
  const { supply } = await settlement.getCycle(cycle - 1);
  const checkpoint: Checkpoint = {
    number: cycle,
    seq: Number(boundary),
    applied: ids.length,
    appliedRoot: toHex(merkleRoot(leavesOf(ids))),
    supply: supply + inflow,
    positions: [],
    stateRoot: toHex(seed(`state ${cycle}`)),
  };
  const applied: Applied = { cycle, ids };
  return { applied, checkpoint };
}

export type Accusation = {
  readonly coin: Coin;
  readonly loser: SignedRecord;
  readonly winner: SignedRecord;
  readonly applied: Applied;
};

/** The proof as the contract takes it. */
export function proofOf(
  consortium: Consortium,
  { coin, loser, winner, applied: { cycle, ids } }: Accusation,
) {
  const at = ids.indexOf(idOf(consortium, winner));
  const position = Math.max(0, at);
  return doubleSpendFor({
    parent: coin.parent,
    index: splitOutpoint(coin.outpoint).index,
    loser: { bytes: loser.bytes, signer: loser.signer },
    winner: winner.body,
    cycle,
    position,
    path: merkleProof(leavesOf(ids), position),
  });
}

function leavesOf(ids: readonly Hex[]): Uint8Array[] {
  return ids.map((id) => hashLeaf(fromHex(id)));
}

export function networkOf({ domain }: Consortium): Uint8Array {
  return fromHex(domain.networkId);
}

/** The device as `protocol` takes signers. */
export function signerOf(by: Device): Signer {
  return { publicKey: by.publicKey, sign: async (signed) => signBy(by, signed) };
}
