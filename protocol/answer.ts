/**
 * What a gateway answers, by the kind of what was asked.
 *
 *     enrol     enrolment | count u8: 0 until it has applied, then 1 | certificate × count
 *     certify   certificate
 *     load      state u8: 0 pending, 1 applied | receipts
 *     redeem    acknowledgement
 *     submit    acknowledgement
 *     status    count u16 × (state u8: 0 unknown, 1 pending, 2 applied, 3 refused
 *               | record id 32, or the statement if applied | reason, if refused)
 *     receipts  receipts
 *     lists     lists
 *     claim     state u8: 0 pending, 1 applied | record id 32 | nonce 16 | amount u64
 *     second-factors  count u8, at most 16, × grant, ascending by device
 *
 * receipts = count u16 × receipt, ascending by outpoint. lists = count u16 × (kind u8, as between devices |
 * length u32 | list): longer than those that devices hand each other.
 */
import {
  readAcknowledgement,
  type SignedAcknowledgement,
  writeAcknowledgement,
} from "./acknowledgement.ts";
import { compareBytes, fromHex, type Hex, type Reader, toHex, type Writer } from "./bytes.ts";
import { type CarriedList, listKinds, readListKind } from "./carried-lists.ts";
import { readCertificate, type SignedCertificate } from "./certificate.ts";
import { readEnrolment, type SignedEnrolment } from "./enrolment.ts";
import type { RequestKind } from "./gateway-messages.ts";
import { limits } from "./limits.ts";
import type { Amount } from "./money.ts";
import { readReason, type Reason, writeReason } from "./reason.ts";
import { readReceipt, type SignedReceipt } from "./receipt.ts";
import { NONCE_LENGTH } from "./record.ts";
import { readSecondFactorGrant, type SignedSecondFactorGrant } from "./second-factor-grant.ts";
import { readStatement, type SignedStatement, writeStatement } from "./statement.ts";

/** What became of a record. */
export type RecordStatus =
  | { readonly state: "unknown"; readonly id: Hex }
  | { readonly state: "pending"; readonly id: Hex }
  | { readonly state: "applied"; readonly id: Hex; readonly statement: SignedStatement }
  | { readonly state: "refused"; readonly id: Hex; readonly reason: Reason };

export type EnrolAnswer = {
  readonly kind: "enrol";
  /** The leaf, which any gateway takes. */
  readonly enrolment: SignedEnrolment;
  /** Absent until the enrolment has applied: ask again. */
  readonly certificate?: SignedCertificate | undefined;
};

export type CertifyAnswer = { readonly kind: "certify"; readonly certificate: SignedCertificate };

export type LoadAnswer = {
  readonly kind: "load";
  /** While it is pending, ask again with the same id. */
  readonly state: "pending" | "applied";
  /** For the coins of the load that are unspent, once it has applied. */
  readonly receipts: readonly SignedReceipt[];
};

export type IntakeAnswer = {
  readonly kind: "redeem" | "submit";
  readonly acknowledgement: SignedAcknowledgement;
};

/** In the order asked. */
export type StatusAnswer = { readonly kind: "status"; readonly records: readonly RecordStatus[] };

/** For those of the coins that are unspent and whose custodian answers; the others are left out. */
export type ReceiptsAnswer = {
  readonly kind: "receipts";
  readonly receipts: readonly SignedReceipt[];
};

/** Every trust list that changed the trust key since the device's, in order, then the newest of each. */
export type ListsAnswer = { readonly kind: "lists"; readonly lists: readonly CarriedList[] };

export type ClaimAnswer = {
  readonly kind: "claim";
  readonly state: "pending" | "applied";
  /** What pays the asker. */
  readonly id: Hex;
  /** The record's: of the request that was first. */
  readonly nonce: Uint8Array;
  readonly amount: Amount;
};

export type SecondFactorsAnswer = {
  readonly kind: "second-factors";
  /** Those of which the asker keeps an older version, or none: its own, and those it is to show codes for. */
  readonly grants: readonly SignedSecondFactorGrant[];
};

export type Answer =
  | EnrolAnswer
  | CertifyAnswer
  | LoadAnswer
  | IntakeAnswer
  | StatusAnswer
  | ReceiptsAnswer
  | ListsAnswer
  | ClaimAnswer
  | SecondFactorsAnswer;

/** Of a load and of a claim. */
const paidStates = ["pending", "applied"] as const;
const recordStates = ["unknown", "pending", "applied", "refused"] as const;

export function writeAnswer(writer: Writer, answer: Answer): void {
  switch (answer.kind) {
    case "enrol":
      writer.put(answer.enrolment.bytes).u8(answer.certificate === undefined ? 0 : 1);
      if (answer.certificate !== undefined) writer.put(answer.certificate.bytes);
      return;
    case "certify":
      writer.put(answer.certificate.bytes);
      return;
    case "load":
      writer.u8(paidStates.indexOf(answer.state));
      writeReceipts(writer, answer.receipts);
      return;
    case "redeem":
    case "submit":
      writeAcknowledgement(writer, answer.acknowledgement);
      return;
    case "status":
      writer.u16(answer.records.length);
      for (const record of answer.records) writeStatus(writer, record);
      return;
    case "receipts":
      writeReceipts(writer, answer.receipts);
      return;
    case "lists":
      writeAnsweredLists(writer, answer.lists);
      return;
    case "claim":
      writer.u8(paidStates.indexOf(answer.state)).hex(answer.id, 32);
      writer.fixed(answer.nonce, NONCE_LENGTH).u64(answer.amount);
      return;
    case "second-factors":
      writer.u8(answer.grants.length);
      for (const { bytes } of answer.grants) writer.put(bytes);
      return;
  }
}

/** @throws Refusal `malformed` naming field and offset. Signatures are for the reader's reader to check. */
export function readAnswer(reader: Reader, kind: RequestKind): Answer {
  switch (kind) {
    case "enrol":
      return readEnrol(reader);
    case "certify":
      return { kind, certificate: readCertificate(reader) };
    case "load": {
      const state = paidStates[reader.count(1, 0, 1, "state")]!;
      const start = reader.offset;
      const receipts = readReceipts(reader);
      if (state === "pending" && receipts.length > 0) {
        throw reader.refuse("a pending load has no receipts", "receipts", reader.offset - start);
      }
      return { kind, state, receipts };
    }
    case "redeem":
    case "submit":
      return { kind, acknowledgement: readAcknowledgement(reader) };
    case "status":
      return { kind, records: readStatuses(reader) };
    case "receipts":
      return { kind, receipts: readReceipts(reader) };
    case "lists":
      return { kind, lists: readAnsweredLists(reader) };
    case "claim":
      return readClaim(reader);
    case "second-factors":
      return { kind, grants: readGrants(reader) };
  }
}

/** Lists as gateways send them: with an answer, or with the refusal of a request that is out of date. */
export function writeAnsweredLists(writer: Writer, lists: readonly CarriedList[]): void {
  writer.u16(lists.length);
  for (const { kind, bytes } of lists) writer.u8(listKinds[kind]).wide(bytes);
}

export function readAnsweredLists(reader: Reader): CarriedList[] {
  const count = reader.count(2, 0, limits.answeredListsMax, "lists");
  const lists: CarriedList[] = [];
  for (let i = 0; i < count; i++) {
    const kind = readListKind(reader, `lists[${i}].kind`);
    lists.push({ kind, bytes: reader.wide(limits.gatewayAnswerMax, `lists[${i}]`) });
  }
  return lists;
}

function readEnrol(reader: Reader): EnrolAnswer {
  const enrolment = readEnrolment(reader);
  const count = reader.count(1, 0, 1, "certificates");
  const certificate = count === 1 ? readCertificate(reader) : undefined;
  return { kind: "enrol", enrolment, certificate };
}

function readClaim(reader: Reader): ClaimAnswer {
  const state = paidStates[reader.count(1, 0, 1, "state")]!;
  const id = toHex(reader.take(32, "id"));
  const nonce = reader.take(NONCE_LENGTH, "nonce");
  const amount = reader.u64("amount");
  if (amount === 0n) throw reader.refuse("the claim is of nothing", "amount", 8);
  return { kind: "claim", state, id, nonce, amount };
}

function writeStatus(writer: Writer, record: RecordStatus): void {
  writer.u8(recordStates.indexOf(record.state));
  if (record.state === "applied") writeStatement(writer, record.statement);
  else writer.fixed(fromHex(record.id), 32);
  if (record.state === "refused") writeReason(writer, record.reason);
}

function readStatuses(reader: Reader): RecordStatus[] {
  const count = reader.count(2, 1, limits.askedMax, "records");
  const records: RecordStatus[] = [];
  for (let i = 0; i < count; i++) records.push(readStatus(reader, `records[${i}]`));
  return records;
}

function readStatus(reader: Reader, field: string): RecordStatus {
  const state = recordStates[reader.count(1, 0, recordStates.length - 1, `${field}.state`)]!;
  if (state === "applied") {
    const statement = readStatement(reader);
    return { state, id: statement.id, statement };
  }
  const id = toHex(reader.take(32, `${field}.id`));
  return state === "refused" ? { state, id, reason: readReason(reader, field) } : { state, id };
}

function writeReceipts(writer: Writer, receipts: readonly SignedReceipt[]): void {
  writer.u16(receipts.length);
  for (const receipt of receipts) writer.put(receipt.bytes);
}

function readReceipts(reader: Reader): SignedReceipt[] {
  const count = reader.count(2, 0, limits.askedMax, "receipts");
  const receipts: SignedReceipt[] = [];
  for (let i = 0; i < count; i++) {
    const start = reader.offset;
    const receipt = readReceipt(reader);
    if (i > 0 && receipt.outpoint <= receipts[i - 1]!.outpoint) {
      throw reader.refuse("receipts are not ascending", `receipts[${i}]`, reader.offset - start);
    }
    receipts.push(receipt);
  }
  return receipts;
}

function readGrants(reader: Reader): SignedSecondFactorGrant[] {
  const count = reader.count(1, 0, limits.secondFactorsMax, "grants");
  const grants: SignedSecondFactorGrant[] = [];
  for (let i = 0; i < count; i++) {
    const start = reader.offset;
    const grant = readSecondFactorGrant(reader);
    if (i > 0 && compareBytes(grant.device, grants[i - 1]!.device) <= 0) {
      throw reader.refuse("grants are not ascending", `grants[${i}]`, reader.offset - start);
    }
    grants.push(grant);
  }
  return grants;
}
