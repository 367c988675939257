/** What a card answers about itself and its money, as bytes. */
import { type Hex, Reader, toHex, Writer } from "../../protocol/bytes.ts";
import { readCertificate, type SignedCertificate } from "../../protocol/certificate.ts";
import { KEY_LENGTH, readKeyOnCurve } from "../../protocol/key.ts";
import {
  type ListVersion,
  readListVersions,
  writeListVersions,
} from "../../protocol/list-version.ts";
import {
  readReason,
  type Reason,
  reasonOf,
  refusalOf,
  writeReason,
} from "../../protocol/reason.ts";
import type { Refusal } from "../../protocol/refusal.ts";
import type { Received } from "../payee.ts";
import type { Purse } from "../purse.ts";
import type { Balance } from "../purse-state.ts";

/** Who a card is. */
export type CardIdentity = {
  readonly networkId: Hex;
  readonly member: number;
  readonly deviceKey: Uint8Array;
  /** Milliseconds. */
  readonly signedTime: number;
  readonly versions: readonly ListVersion[];
  readonly certificate: SignedCertificate | undefined;
};

const NETWORK_ID_LENGTH = 32;

/** networkId 32 | member u16 | deviceKey 33 | signedTime u64 | list versions | certificate, if there is one */
export function encodeIdentity(purse: Purse): Uint8Array {
  const { member, deviceKey, signedTime, versions, certificate } = purse.identity();
  const writer = new Writer(512).fixed(purse.networkId, NETWORK_ID_LENGTH).u16(member);
  writer.fixed(deviceKey, KEY_LENGTH).safe(signedTime);
  writeListVersions(writer, versions);
  if (certificate !== undefined) writer.put(certificate.bytes);
  return writer.done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeIdentity(bytes: Uint8Array): CardIdentity {
  const reader = new Reader(bytes);
  const networkId = toHex(reader.take(NETWORK_ID_LENGTH, "networkId"));
  const member = reader.u16("member");
  const deviceKey = readKeyOnCurve(reader, "deviceKey");
  const signedTime = reader.safe("signedTime");
  const versions = readListVersions(reader);
  const certificate = reader.remaining === 0 ? undefined : readCertificate(reader);
  reader.end("identity");
  return { networkId, member, deviceKey, signedTime, versions, certificate };
}

/** spendable u64 | frozen u64 | waiting u64 | doubtful u64 */
export function encodeBalance({ spendable, frozen, waiting, doubtful }: Balance): Uint8Array {
  return new Writer(32).u64(spendable).u64(frozen).u64(waiting).u64(doubtful).done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeBalance(bytes: Uint8Array): Balance {
  const reader = new Reader(bytes);
  const balance = {
    spendable: reader.u64("spendable"),
    frozen: reader.u64("frozen"),
    waiting: reader.u64("waiting"),
    doubtful: reader.u64("doubtful"),
  };
  reader.end("balance");
  return balance;
}

/** What became of a payment that a card was given. */
export type CardReceived = {
  /** Message 3. */
  readonly confirmation: Uint8Array;
  readonly amount: bigint;
  readonly refusal: Refusal | undefined;
};

export function encodeReceived({ confirmation, amount, refusal }: Received): Uint8Array {
  const writer = new Writer(512).u64(amount).u8(refusal === undefined ? 0 : 1);
  if (refusal !== undefined) writeReason(writer, reasonOf(refusal));
  return writer.put(confirmation.bytes).done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeReceived(bytes: Uint8Array): CardReceived {
  const reader = new Reader(bytes);
  const amount = reader.u64("amount");
  const isRefused = reader.count(1, 0, 1, "refused") === 1;
  const refusal = isRefused ? refusalOf(readReason(reader, "reason")) : undefined;
  return { amount, refusal, confirmation: reader.take(reader.remaining, "confirmation") };
}

export function encodeReason(refusal: Refusal): Uint8Array {
  const writer = new Writer(128);
  writeReason(writer, reasonOf(refusal));
  return writer.done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeReason(bytes: Uint8Array): Reason {
  const reader = new Reader(bytes);
  const reason = readReason(reader, "reason");
  reader.end("reason");
  return reason;
}
