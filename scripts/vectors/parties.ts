/** Two banks and the devices of their customers, with the certificates, coins and records that vectors are made of. */
import { toHex } from "../../protocol/bytes.ts";
import { type Bundle, makeBundle } from "../../protocol/bundle.ts";
import {
  type Certificate,
  type SignedCertificate,
  signCertificate,
} from "../../protocol/certificate.ts";
import type { Amount } from "../../protocol/money.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../../protocol/output.ts";
import { type SignedReceipt, signReceipt } from "../../protocol/receipt.ts";
import {
  auditOf,
  outpointsOf,
  recordId,
  signRecord,
  type SignedRecord,
} from "../../protocol/record.ts";
import type { NamedKey } from "../../device/conformance/seed.ts";
import { bytes, key, networkId } from "./keys.ts";

/** Milliseconds: the present of all vectors. */
export const now = 1_790_000_000_000;
const DAY = 86_400_000;

export const authority = key("authority");
export const issuers = [key("issuer 1"), key("issuer 2")] as const;
export const payer = key("payer");
export const payee = key("payee");

export const certificateFields: Certificate = {
  deviceKey: payer.publicKey,
  member: 1,
  class: "element",
  serial: bytes("serial", 16),
  notBefore: now - DAY,
  notAfter: now + 6 * DAY,
  maxPayment: 50_000n,
  maxBalance: 100_000n,
  maxCount: 20,
  windowS: 86_400,
  maxDepth: 8,
  subject: bytes("subject", 32),
  label: "",
};

export function certify(
  device: NamedKey,
  member: 1 | 2,
  fields: Partial<Certificate> = {},
): Promise<SignedCertificate> {
  const whole = { ...certificateFields, deviceKey: device.publicKey, member, ...fields };
  return signCertificate(networkId, whole, issuers[member - 1]!);
}

export function vouch(
  outpoint: Outpoint,
  output: Output,
  fields: { issued?: number; notAfter?: number; seq?: number } = {},
): Promise<SignedReceipt> {
  const times = { seq: 42, issued: now, notAfter: now + 7 * DAY, ...fields };
  return signReceipt(networkId, { outpoint, output, ...times }, issuers[output.custodian - 1]!);
}

/** The outpoint that a deposit, or anything outside the vectors, made. */
export function coin(name: string, index = 0): Outpoint {
  return `${toHex(bytes(name, 32))}${index.toString(16).padStart(2, "0")}` as Outpoint;
}

export function pay(owner: NamedKey, amount: Amount, custodian: MemberId): Output {
  return { lock: lock.key, owner: owner.owner, custodian, amount };
}

export function spend(
  inputs: readonly Outpoint[],
  outputs: readonly Output[],
  signer: NamedKey,
  counter = 1,
  nonce = bytes(`nonce ${counter}`, 16),
): Promise<SignedRecord> {
  const audit = auditOf(new Uint8Array());
  return signRecord(
    networkId,
    { kind: "spend", inputs: inputs.toSorted(), outputs, counter, time: now, nonce, audit },
    signer,
  );
}

/** A coin that travels through `signers` in turn, each of whom pays the next; the last pays the payee. */
export async function travel(signers: readonly NamedKey[]): Promise<Bundle> {
  const all = [...signers, payee];
  let input = coin("coin");
  const receipt = await vouch(input, pay(all[0]!, 1_000n, 1));
  const records: SignedRecord[] = [];
  for (const [i, signer] of signers.entries()) {
    const record = await spend([input], outputsOf(all[i + 1]!, signer, i), signer, i + 1);
    records.push(record);
    input = outpointsOf(networkId, record)[0]!;
  }
  const certificates = new Map(
    await Promise.all(signers.map(async (s) => [toHex(s.publicKey), await certify(s, 1)] as const)),
  );
  const byId = new Map(records.map((record) => [recordId(networkId, record.body), record]));
  return makeBundle(records.at(-1)!, {
    record: (id) => byId.get(id),
    certificate: (deviceKey) => certificates.get(deviceKey),
    receipt: (outpoint) => (outpoint === receipt.outpoint ? receipt : undefined),
  });
}

/** One unit less at every hop: the signer keeps it as change. */
function outputsOf(to: NamedKey, signer: NamedKey, hop: number): Output[] {
  return [pay(to, BigInt(999 - hop), 1), pay(signer, 1n, 1)];
}
