/** What devices and banks of end-to-end tests sign: enrolments and spends of coins they hold. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { decodeLog, type RpcLog } from "../../node/chain/events.ts";
import type { Receipt } from "../../node/chain/transaction.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { depositOutpoint } from "../../protocol/deposit.ts";
import { consentMessage, type SignedEnrolment, signEnrolment } from "../../protocol/enrolment.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { NetworkFile } from "../../protocol/network-file.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../../protocol/output.ts";
import type { NodeSigner } from "../../protocol/p256-node.ts";
import { outpointsOf, recordId, signRecord, type SignedRecord } from "../../protocol/record.ts";
import { call } from "./chain.ts";

/** A coin as a test spends it. */
export type HeldCoin = { readonly outpoint: Outpoint; readonly output: Output };

export function payTo(device: NodeSigner, custodian: MemberId, amount: bigint): Output {
  return { lock: lock.key, owner: ownerOf(device.publicKey), custodian, amount };
}

/** The coin that the deposit at event `seq` made. */
/** The event of a deposit, which may share its block with others. */
export async function depositSeq(
  { rpcUrls, contracts }: Pick<NetworkFile, "rpcUrls" | "contracts">,
  { transactionHash }: Pick<Receipt, "transactionHash">,
): Promise<number> {
  const { logs } = await call<{ logs: readonly RpcLog[] }>(
    rpcUrls[0]!,
    "eth_getTransactionReceipt",
    transactionHash,
  );
  const [seq] = logs
    .filter(({ address }) => address === contracts.settlement)
    .flatMap((log) => decodeLog("settlement", log) ?? [])
    .filter(({ kind }) => kind === "deposited")
    .map((event) => event.seq);
  assert.ok(seq !== undefined, "nothing was deposited");
  return seq;
}

export function depositedCoin(networkId: Uint8Array, seq: number, output: Output): HeldCoin {
  return { outpoint: depositOutpoint(networkId, { seq, output }), output };
}

export async function enrolmentOf(
  networkId: Uint8Array,
  device: NodeSigner,
  member: MemberId,
  issuer: NodeSigner,
): Promise<SignedEnrolment> {
  const consent = device.signSync(consentMessage(networkId, member));
  const fields = { deviceKey: device.publicKey, member, consent, envelope: new Uint8Array() };
  return await signEnrolment(networkId, fields, issuer);
}

/** A signed spend. Two of the same coins have different ids. */
export async function spendOf(
  networkId: Uint8Array,
  signer: NodeSigner,
  coins: readonly HeldCoin[],
  outputs: readonly Output[],
): Promise<SignedRecord> {
  const body = {
    kind: "spend",
    inputs: coins.map(({ outpoint }) => outpoint).sort(),
    outputs,
    counter: 1,
    time: 0,
    nonce: new Uint8Array(randomBytes(16)),
    audit: new Uint8Array(32),
  } as const;
  return await signRecord(networkId, body, signer);
}

export function coinsOf(networkId: Uint8Array, record: SignedRecord): HeldCoin[] {
  const outpoints = outpointsOf(networkId, record);
  return record.outputs.map((output, i) => ({ outpoint: outpoints[i]!, output }));
}

export function idOf(networkId: Uint8Array, record: SignedRecord): Hex {
  return recordId(networkId, record.body);
}
