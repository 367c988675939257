/**
 * How the rows of a purse are stored. What is signed is stored as it travels, so that it is checked
 * again as a stranger's bytes would be when the purse is opened.
 */
import { fromHex, type Hex, Reader, toHex, utf8, Writer } from "../protocol/bytes.ts";
import { CODE_LENGTH } from "../protocol/claim-code.ts";
import { decodeCertificate } from "../protocol/certificate.ts";
import type { ConfirmationStatus } from "../protocol/confirmation.ts";
import { decodeEmergencyProfile } from "../protocol/emergency-profile.ts";
import { sealingKeyOf } from "../protocol/hpke.ts";
import { KEY_LENGTH, readKeyOnCurve } from "../protocol/key.ts";
import { limits } from "../protocol/limits.ts";
import { decodeRevocationList, decodeTrustList } from "../protocol/lists.ts";
import { readReason, writeReason } from "../protocol/reason.ts";
import { decodeReceipt } from "../protocol/receipt.ts";
import { decodeRecord } from "../protocol/record.ts";
import { Refusal } from "../protocol/refusal.ts";
import { decodeRequest } from "../protocol/request.ts";
import { parsePayeeNumber, PAYEE_DIGITS, SECRET_LENGTH } from "../protocol/second-factor-code.ts";
import type { PurseStore, StoreChange } from "./purse-store.ts";
import {
  type Coin,
  emptyState,
  type GivenAnswer,
  type HeldRecord,
  type MadePayment,
  type OpenRequest,
  type PastRecord,
  pastKinds,
  type PinRow,
  type PurseRow,
  type RowChange,
  SALT_LENGTH,
  type SecondFactor,
  type SecondFactorRow,
  type ShownFactor,
  type State,
  type Table,
  type Tables,
  tables,
} from "./purse-tables.ts";

type Codec<Row> = { encode(row: Row): Uint8Array; decode(bytes: Uint8Array): Row };

const coinStates = ["free", "committed", "spent"] as const;
/** Absent comes first. */
const outcomes = [undefined, "accepted", "returned", "invalid"] as const;

const codecs: { readonly [T in Table]: Codec<Tables[T]> } = {
  purse: { encode: encodePurse, decode: whole(readPurse) },
  trust: asItTravels(decodeTrustList),
  emergency: asItTravels(decodeEmergencyProfile),
  revocations: asItTravels(decodeRevocationList),
  certificates: asItTravels(decodeCertificate),
  receipts: asItTravels(decodeReceipt),
  records: { encode: encodeRecordRow, decode: whole(readRecordRow) },
  coins: { encode: encodeCoin, decode: whole(readCoin) },
  requests: { encode: encodeRequestRow, decode: whole(readRequestRow) },
  answers: { encode: encodeAnswer, decode: whole(readAnswer) },
  payments: { encode: encodePayment, decode: whole(readPayment) },
  history: { encode: encodePast, decode: whole(readPast) },
  pin: { encode: encodePin, decode: whole(readPin) },
  secondFactor: { encode: encodeSecondFactor, decode: whole(readSecondFactor) },
  shownFactors: { encode: encodeShownFactor, decode: whole(readShownFactor) },
};

/** Of all rows: it changes with any of them, and stands in the row that there is one of. */
const FORMAT = 1;
const PURSE_LENGTH = 117;
/** A certificate with the longest label. */
const CERTIFICATE_MAX = 220;

/**
 * Reads a purse's state.
 * @throws Refusal `unsupported-version` for one that another version of this software keeps; Error on damage.
 */
export async function loadState(store: PurseStore): Promise<State> {
  const state = emptyState();
  const stored = await store.rows();
  checkFormat(stored.get("purse/"));
  for (const [name, bytes] of stored) {
    const slash = name.indexOf("/");
    const table = tables.find((known) => known === name.slice(0, slash));
    if (table === undefined) throw new Error(`the purse's store has the unknown row ${name}`);
    const rows: Map<string, unknown> = state[table];
    try {
      rows.set(name.slice(slash + 1), codecs[table].decode(bytes));
    } catch (cause) {
      throw new Error(`row ${name} of the purse's store is damaged`, { cause });
    }
  }
  return state;
}

export function storeChange(change: RowChange): StoreChange {
  return { key: `${change.table}/${change.key}`, value: encodeRow(change) };
}

function encodeRow({ table, row }: RowChange): Uint8Array | undefined {
  if (row === undefined) return undefined;
  const codec = codecs[table] as Codec<Tables[Table]>;
  return codec.encode(row);
}

function asItTravels<Row extends { readonly bytes: Uint8Array }>(
  decode: (bytes: Uint8Array) => Row,
): Codec<Row> {
  return { encode: (row) => row.bytes, decode };
}

function whole<Row>(read: (reader: Reader) => Row): (bytes: Uint8Array) => Row {
  return (bytes) => {
    const reader = new Reader(bytes);
    const row = read(reader);
    reader.end("row");
    return row;
  };
}

/** An empty store has no format yet. */
function checkFormat(purse: Uint8Array | undefined): void {
  if (purse === undefined || (purse.length === PURSE_LENGTH && purse[0] === FORMAT)) return;
  throw new Refusal(
    "unsupported-version",
    "another version of this software keeps the purse: open it with that one, sync, redeem what is in it, and set up a new one",
  );
}

/** format u8 | networkId 32 | member u16 | deviceKey 33 | counter u64 | signedTime u64 | trustKey 33 */
function encodePurse(purse: PurseRow): Uint8Array {
  return new Writer()
    .u8(FORMAT)
    .fixed(fromHex(purse.networkId), 32)
    .u16(purse.member)
    .fixed(fromHex(purse.deviceKey), KEY_LENGTH)
    .safe(purse.counter)
    .safe(purse.signedTime)
    .fixed(purse.trustKey, KEY_LENGTH)
    .done();
}

function readPurse(reader: Reader): PurseRow {
  reader.u8("format");
  return {
    networkId: toHex(reader.take(32, "networkId")),
    member: reader.u16("member"),
    deviceKey: toHex(reader.take(KEY_LENGTH, "deviceKey")),
    counter: reader.safe("counter"),
    signedTime: reader.safe("signedTime"),
    trustKey: readKeyOnCurve(reader, "trustKey"),
  };
}

function encodeRecordRow(held: HeldRecord): Uint8Array {
  const writer = new Writer().wide(held.record.bytes).u8(held.settled ? 1 : 0);
  writer.u16(held.acknowledgedBy).u8(held.reason === undefined ? 0 : 1);
  if (held.reason !== undefined) writeReason(writer, held.reason);
  return writer.done();
}

function readRecordRow(reader: Reader): HeldRecord {
  const record = decodeRecord(reader.wide(limits.batchBytesMax, "record"));
  const settled = reader.count(1, 0, 1, "settled") === 1;
  const acknowledgedBy = reader.u16("acknowledgedBy");
  const isRefused = reader.count(1, 0, 1, "reason") === 1;
  const reason = isRefused ? readReason(reader, "reason") : undefined;
  return { record, settled, acknowledgedBy, reason };
}

function encodeCoin(coin: Coin): Uint8Array {
  const state = coinStates.indexOf(coin.state);
  return new Writer(32).u64(coin.amount).u8(state).safe(coin.since).done();
}

function readCoin(reader: Reader): Coin {
  const amount = reader.u64("amount");
  const state = coinStates[reader.count(1, 0, coinStates.length - 1, "state")]!;
  return { amount, state, since: reader.safe("since") };
}

function encodeRequestRow({ request, ephemeral, number, isPaid }: OpenRequest): Uint8Array {
  const writer = new Writer().wide(request.bytes).fixed(ephemeral.privateKey, 32);
  return writer
    .safe(number)
    .u8(isPaid ? 1 : 0)
    .done();
}

function readRequestRow(reader: Reader): OpenRequest {
  const request = decodeRequest(reader.wide(limits.bundleBytesMax, "request"));
  const ephemeral = sealingKeyOf(reader.take(32, "ephemeral"));
  const number = reader.safe("number");
  return { request, ephemeral, number, isPaid: reader.count(1, 0, 1, "isPaid") === 1 };
}

function encodeAnswer({ id, confirmation, until }: GivenAnswer): Uint8Array {
  return new Writer().fixed(fromHex(id), 32).wide(confirmation).safe(until).done();
}

function readAnswer(reader: Reader): GivenAnswer {
  const id: Hex = toHex(reader.take(32, "id"));
  const confirmation = reader.wide(limits.bundleBytesMax, "confirmation");
  return { id, confirmation, until: reader.safe("until") };
}

function encodePayment(payment: MadePayment): Uint8Array {
  return new Writer()
    .wide(payment.request?.bytes ?? new Uint8Array())
    .wide(payment.record.bytes)
    .safe(payment.time)
    .safe(payment.until)
    .wide(payment.message ?? new Uint8Array())
    .u8(outcomes.indexOf(payment.outcome))
    .done();
}

function readPayment(reader: Reader): MadePayment {
  const request = reader.wide(limits.bundleBytesMax, "request");
  const record = decodeRecord(reader.wide(limits.batchBytesMax, "record"));
  const time = reader.safe("time");
  const until = reader.safe("until");
  const message = reader.wide(limits.batchBytesMax, "message");
  const outcome: ConfirmationStatus | undefined =
    outcomes[reader.count(1, 0, outcomes.length - 1, "outcome")];
  return {
    request: request.length === 0 ? undefined : decodeRequest(request),
    record,
    time,
    until,
    message: message.length === 0 ? undefined : message,
    outcome,
  };
}

function encodePast({ counterparty, ...past }: PastRecord): Uint8Array {
  const writer = new Writer()
    .u8(pastKinds.indexOf(past.kind))
    .safe(past.time)
    .u64(past.amount)
    .short(utf8.encode(past.reference))
    .u64(past.givenBack)
    .u8(outcomes.indexOf(past.answer))
    .short(past.code ?? new Uint8Array())
    .u8(past.settled ? 1 : 0)
    .safe(past.number)
    .u8(counterparty === undefined ? 0 : counterparty.certificate === undefined ? 1 : 2);
  if (counterparty !== undefined) {
    const { deviceKey, label, certificate } = counterparty;
    writer.fixed(fromHex(deviceKey), KEY_LENGTH).short(utf8.encode(label));
    if (certificate !== undefined) writer.long(certificate);
  }
  return writer.done();
}

function readPast(reader: Reader): PastRecord {
  const past = {
    kind: pastKinds[reader.count(1, 0, pastKinds.length - 1, "kind")]!,
    time: reader.safe("time"),
    amount: reader.u64("amount"),
    reference: reader.text(limits.referenceMax, "reference"),
    givenBack: reader.u64("givenBack"),
    answer: outcomes[reader.count(1, 0, outcomes.length - 1, "answer")],
    code: readCode(reader),
    settled: reader.count(1, 0, 1, "settled") === 1,
    number: reader.safe("number"),
  };
  const known = reader.count(1, 0, 2, "counterparty");
  if (known === 0) return past;
  const deviceKey = toHex(reader.take(KEY_LENGTH, "deviceKey"));
  const counterparty = { deviceKey, label: reader.text(limits.labelMax, "label") };
  if (known === 1) return { ...past, counterparty };
  const certificate = reader.long(CERTIFICATE_MAX, "certificate");
  return { ...past, counterparty: { ...counterparty, certificate } };
}

function readCode(reader: Reader): Uint8Array | undefined {
  const code = reader.short(CODE_LENGTH, "code");
  return code.length === 0 ? undefined : code;
}

function encodePin({ salt, pin, puk, tries }: PinRow): Uint8Array {
  const writer = new Writer().fixed(salt, SALT_LENGTH).fixed(pin, 32).fixed(puk, 32);
  return writer.u8(tries.pin).u8(tries.puk).done();
}

function readPin(reader: Reader): PinRow {
  return {
    salt: reader.take(SALT_LENGTH, "salt"),
    pin: reader.take(32, "pin"),
    puk: reader.take(32, "puk"),
    tries: { pin: reader.u8("tries.pin"), puk: reader.u8("tries.puk") },
  };
}

function encodeSecondFactor({ version, factor }: SecondFactorRow): Uint8Array {
  const writer = new Writer().u32(version).u8(factor === undefined ? 0 : 1);
  if (factor === undefined) return writer.done();
  const { secret, from, tries, lastWindow, unconfirmed, opened } = factor;
  writer.fixed(secret, SECRET_LENGTH).u64(from).u8(tries).safe(lastWindow).u64(unconfirmed);
  writer.u8(opened === undefined ? 0 : 1);
  if (opened !== undefined) {
    writer.u64(opened.amount).short(utf8.encode(opened.payee)).safe(opened.until);
  }
  return writer.done();
}

function readSecondFactor(reader: Reader): SecondFactorRow {
  const version = reader.u32("version");
  if (reader.count(1, 0, 1, "factor") === 0) return { version };
  const factor = {
    secret: reader.take(SECRET_LENGTH, "secret"),
    from: reader.u64("from"),
    tries: reader.u8("tries"),
    lastWindow: reader.safe("lastWindow"),
    unconfirmed: reader.u64("unconfirmed"),
  };
  if (reader.count(1, 0, 1, "opened") === 0) return { version, factor };
  return { version, factor: { ...factor, opened: readOpened(reader) } };
}

function readOpened(reader: Reader): NonNullable<SecondFactor["opened"]> {
  const amount = reader.u64("opened.amount");
  const payee = parsePayeeNumber(reader.text(PAYEE_DIGITS, "opened.payee"));
  return { amount, payee, until: reader.safe("opened.until") };
}

function encodeShownFactor({ version, secret, from }: ShownFactor): Uint8Array {
  return new Writer().u32(version).fixed(secret, SECRET_LENGTH).u64(from).done();
}

function readShownFactor(reader: Reader): ShownFactor {
  const version = reader.u32("version");
  return { version, secret: reader.take(SECRET_LENGTH, "secret"), from: reader.u64("from") };
}
