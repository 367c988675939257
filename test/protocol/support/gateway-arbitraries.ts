/** Any ask and any answer, as devices and gateways write them. What is signed inside comes from the vectors. */
import fc from "fast-check";
import type { SignedAcknowledgement } from "../../../protocol/acknowledgement.ts";
import type { Answer, RecordStatus } from "../../../protocol/answer.ts";
import type { Ask } from "../../../protocol/ask.ts";
import { compareBytes, toHex } from "../../../protocol/bytes.ts";
import {
  decodeCertificate,
  type DeviceClass,
  deviceClasses,
} from "../../../protocol/certificate.ts";
import type { DeviceReply } from "../../../protocol/device-reply.ts";
import type { DeviceRequest } from "../../../protocol/device-request.ts";
import { decodeEnrolment } from "../../../protocol/enrolment.ts";
import { type RequestKind, requestKinds } from "../../../protocol/gateway-messages.ts";
import type { PaymentOrder } from "../../../protocol/payment-order.ts";
import type { Reason } from "../../../protocol/reason.ts";
import { decodeReceipt } from "../../../protocol/receipt.ts";
import { decodeRecord } from "../../../protocol/record.ts";
import { type RefusalCode, refusalCodes } from "../../../protocol/refusal.ts";
import {
  decodeSecondFactorGrant,
  type SecondFactorGrant,
} from "../../../protocol/second-factor-grant.ts";
import type { Showing } from "../../../protocol/showing.ts";
import type { SignedStatement } from "../../../protocol/statement.ts";
import {
  amount,
  bytes,
  carriedLists,
  hex,
  listVersions,
  outpoints,
  publicKey,
  safe,
  signature,
  text,
  u16,
  u32,
} from "./arbitraries.ts";
import type { With } from "./encoders.ts";
import { goodBytes } from "./vectors.ts";

const records = goodBytes("records", "records").map(decodeRecord);
export const certificates = goodBytes("certificates").map(decodeCertificate);
const enrolments = goodBytes("records", "enrolments").map(decodeEnrolment);
const grants = goodBytes("second-factors", "grants")
  .map(decodeSecondFactorGrant)
  // One of each device, as an answer has them.
  .slice(0, 1);
const receipts = goodBytes("receipts").map(decodeReceipt);

export const signedRecord = fc.constantFrom(...records);
export const signedCertificate = fc.constantFrom(...certificates);

const parts = fc.array(fc.bigInt(1n, 2n ** 59n), { maxLength: 16 });

const kept = fc
  .uniqueArray(fc.record({ device: publicKey.map(toHex), version: u32 }), {
    maxLength: 16,
    selector: ({ device }) => device,
  })
  .map((all) => all.toSorted((a, b) => (a.device < b.device ? -1 : 1)));

const ask: fc.Arbitrary<Ask> = fc.oneof(
  fc.record({
    kind: fc.constant("enrol" as const),
    consent: signature,
    class: fc.constantFrom(...(Object.keys(deviceClasses) as DeviceClass[])),
    label: text(32),
    credential: bytes(0, 1024),
  }),
  fc.constant({ kind: "certify" as const }),
  fc.record({ id: bytes(16), whole: amount, parts }).map(({ whole, ...load }) => ({
    kind: "load" as const,
    amount: load.parts.length === 0 ? whole : load.parts.reduce((sum, part) => sum + part),
    ...load,
  })),
  fc.record({ kind: fc.constant("redeem" as const), record: signedRecord }),
  fc.record({
    kind: fc.constant("submit" as const),
    leaves: fc.array(bytes(0, 300), { minLength: 1, maxLength: 20 }),
  }),
  fc.record({
    kind: fc.constant("status" as const),
    ids: fc.array(hex(32), { minLength: 1, maxLength: 20 }),
  }),
  fc.record({ kind: fc.constant("receipts" as const), outpoints: outpoints(0, 20) }),
  fc.record({ kind: fc.constant("lists" as const), versions: listVersions }),
  fc.record({ kind: fc.constant("claim" as const), code: bytes(10), password: text(64) }),
  fc.record({ kind: fc.constant("second-factors" as const), key: publicKey, kept }),
);

export const deviceRequest: fc.Arbitrary<With<DeviceRequest>> = fc.record({
  member: u16,
  deviceKey: publicKey,
  signedTime: safe,
  nonce: bytes(16),
  ask,
  signature,
});

export const acknowledgement: fc.Arbitrary<SignedAcknowledgement> = fc.record({
  root: hex(32),
  count: fc.integer({ min: 1, max: 4096 }),
  received: safe,
  member: u16,
  signature,
});

export const statement: fc.Arbitrary<SignedStatement> = fc.record({
  id: hex(32),
  seq: safe,
  issued: safe,
  member: u16,
  signature,
});

export const showing: fc.Arbitrary<With<Showing>> = fc.record({
  deviceKey: publicKey,
  id: hex(32),
  time: safe,
  words: text(200).filter((words) => words !== ""),
  certificates: fc
    .uniqueArray(signedCertificate, {
      maxLength: 2,
      selector: ({ deviceKey }) => toHex(deviceKey),
    })
    .map((all) => all.toSorted((a, b) => compareBytes(a.deviceKey, b.deviceKey))),
  signature,
});

export const secondFactorGrant: fc.Arbitrary<With<SecondFactorGrant>> = fc
  .record({
    member: u16,
    version: u32.filter((version) => version > 0),
    issued: safe,
    device: publicKey,
    keeper: publicKey,
    from: fc.oneof(fc.constant(0n), amount),
    sealed: fc.record({ enc: bytes(65), ciphertext: bytes(48) }),
    signature,
  })
  .map(({ sealed, ...grant }) => ({
    ...grant,
    sealed: grant.from === 0n ? undefined : sealed,
  }));

export const paymentOrder: fc.Arbitrary<With<PaymentOrder>> = fc.record({
  member: u16,
  payee: hex(20),
  amount,
  id: bytes(16),
  created: safe,
  notAfter: safe,
  merchant: text(32),
  number: text(64),
  returnUrl: text(255),
  signature,
});

const reason: fc.Arbitrary<Reason> = fc.record({
  code: fc.constantFrom(...(Object.keys(refusalCodes) as RefusalCode[])),
  text: text(255),
});

const recordStatus: fc.Arbitrary<RecordStatus> = fc.oneof(
  fc.record({ state: fc.constantFrom("unknown" as const, "pending" as const), id: hex(32) }),
  statement.map((each) => ({ state: "applied" as const, id: each.id, statement: each })),
  fc.record({ state: fc.constant("refused" as const), id: hex(32), reason }),
);

const someReceipts = fc
  .uniqueArray(fc.constantFrom(...receipts), { selector: ({ outpoint }) => outpoint })
  .map((all) => all.toSorted((a, b) => (a.outpoint < b.outpoint ? -1 : 1)));

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    kind: fc.constant("enrol" as const),
    enrolment: fc.constantFrom(...enrolments),
    certificate: fc.option(signedCertificate, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant("certify" as const), certificate: signedCertificate }),
  fc.constant({ kind: "load" as const, state: "pending" as const, receipts: [] }),
  fc.record({
    kind: fc.constant("load" as const),
    state: fc.constant("applied" as const),
    receipts: someReceipts,
  }),
  fc.record({ kind: fc.constantFrom("redeem" as const, "submit" as const), acknowledgement }),
  fc.record({
    kind: fc.constant("status" as const),
    records: fc.array(recordStatus, { minLength: 1, maxLength: 20 }),
  }),
  fc.record({ kind: fc.constant("receipts" as const), receipts: someReceipts }),
  fc.record({ kind: fc.constant("lists" as const), lists: carriedLists }),
  fc.record({
    kind: fc.constant("claim" as const),
    state: fc.constantFrom("pending" as const, "applied" as const),
    id: hex(32),
    nonce: bytes(16),
    amount,
  }),
  fc.record({ kind: fc.constant("second-factors" as const), grants: fc.subarray(grants) }),
);

export const deviceReply: fc.Arbitrary<DeviceReply> = fc.oneof(
  fc.record({ nonce: bytes(16), outcome: fc.constant("answered" as const), answer }),
  fc.record({
    nonce: bytes(16),
    outcome: fc.constant("refused" as const),
    kind: fc.constantFrom(...(Object.keys(requestKinds) as RequestKind[])),
    reason,
    lists: carriedLists,
  }),
);
