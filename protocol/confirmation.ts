/**
 * Message 3 of a payment, the confirmation: what the payee made of it, signed by the payee's device.
 * Until the payer has it, or hears from the ledger, what it paid stays committed.
 *
 *     version u8 | status u8 | record id 32
 *     | signature 64 by the device key over message("confirmation", all before) | lists | length u16 + return
 */
import { fromHex, type Hex, Reader, toHex, Writer } from "./bytes.ts";
import { type CarriedList, readLists, writeLists } from "./carried-lists.ts";
import { message } from "./message.ts";
import { readRecord, type SignedRecord } from "./record.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";
import { FORMAT_VERSION, readVersion } from "./version.ts";

/** The verdict, by its number on the wire. */
const statuses = {
  /** The payee has the money. */
  accepted: 0,
  /** The payee pays it back with the record that follows. */
  returned: 1,
  /** The record cannot apply, ever; the payee holds nothing. */
  invalid: 2,
} as const;

export type ConfirmationStatus = keyof typeof statuses;

export type Confirmation = {
  readonly status: ConfirmationStatus;
  /** The record that paid. */
  readonly id: Hex;
  readonly lists: readonly CarriedList[];
  /** Pays the received outputs back; present exactly when the status is `returned`. */
  readonly returned?: SignedRecord | undefined;
};

/** A confirmation as it travels. Made by `decodeConfirmation` and `signConfirmation` alone. */
export type SignedConfirmation = Confirmation & {
  readonly signature: Uint8Array;
  /** The whole message, and its part that is signed; lists and return are signed by themselves. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

const ID_LENGTH = 32;

const statusesByNumber = new Map<number, ConfirmationStatus>(
  Object.entries(statuses).map(([name, number]) => [number, name as ConfirmationStatus]),
);

/** Signs with the payee's device key. @throws Refusal if the fields break the format. */
export async function signConfirmation(
  networkId: Uint8Array,
  fields: Confirmation,
  payee: Signer,
): Promise<SignedConfirmation> {
  const body = new Writer(64)
    .u8(FORMAT_VERSION)
    .u8(statuses[fields.status])
    .fixed(fromHex(fields.id), ID_LENGTH)
    .done();
  const signature = await payee.sign(message("confirmation", networkId, body));
  const writer = new Writer(512).put(body).fixed(signature, SIGNATURE_LENGTH);
  writeLists(writer, fields.lists);
  writer.long(fields.returned?.bytes ?? new Uint8Array());
  return decodeConfirmation(writer.done());
}

/** Whether the payee's device signed it. @throws Refusal `bad-signature`. */
export function checkConfirmationSignature(
  networkId: Uint8Array,
  confirmation: SignedConfirmation,
  payee: Uint8Array,
  verifier: Verifier,
): void {
  const signed = message("confirmation", networkId, confirmation.body);
  if (!verifier.verify(payee, signed, confirmation.signature)) {
    throw new Refusal("bad-signature", "the confirmation is not signed by the payee");
  }
}

/** @throws Refusal `unsupported-version`, or `malformed` naming field and offset. */
export function decodeConfirmation(bytes: Uint8Array): SignedConfirmation {
  const reader = new Reader(bytes);
  readVersion(reader, "confirmation");
  const number = reader.u8("status");
  const status = statusesByNumber.get(number);
  if (status === undefined) throw reader.refuse(`status ${number} is unknown`, "status", 1);
  const id = toHex(reader.take(ID_LENGTH, "id"));
  const body = bytes.subarray(0, reader.offset);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  const lists = readLists(reader);
  const returned = readReturned(reader, status);
  reader.end("confirmation");
  return { status, id, lists, returned, signature, bytes, body };
}

function readReturned(reader: Reader, status: ConfirmationStatus): SignedRecord | undefined {
  const length = reader.u16("returned");
  if (length === 0 && status !== "returned") return undefined;
  if (length === 0 || status !== "returned") {
    throw reader.refuse(`${length} bytes of return with status ${status}`, "returned", 2);
  }
  const start = reader.offset;
  const record = readRecord(reader);
  const used = reader.offset - start;
  if (used !== length) {
    throw reader.refuse(`returned has ${used} bytes, not ${length}`, "returned", used + 2);
  }
  return record;
}
