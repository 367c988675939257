/**
 * The receipt: a custodian's signed word that a coin was unspent after an event of the ledger, good
 * until a time. It is what a device shows instead of the ledger, and what ends a coin's ancestry.
 *
 *     outpoint 33 | output 31 | seq u64 | issued u64 | notAfter u64
 *     | signature 64 by the issuer key of the output's custodian over message("receipt", all before)
 */
import { Reader, Writer } from "./bytes.ts";
import { message } from "./message.ts";
import {
  lock,
  type Outpoint,
  type Output,
  OUTPUT_LENGTH,
  readOutpoint,
  readOutput,
  writeOutpoint,
  writeOutput,
} from "./output.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";

export const RECEIPT_LENGTH = 152;

export type Receipt = {
  readonly outpoint: Outpoint;
  /** The coin, of lock key or claim: a burn is no coin, a replacement is for one known record. */
  readonly output: Output;
  /** The event after which the coin was unspent. */
  readonly seq: number;
  /** Milliseconds: issued carries signed time, and the receipt is good before notAfter. */
  readonly issued: number;
  readonly notAfter: number;
};

/** A receipt as it travels. Made by `readReceipt` and `signReceipt` alone. */
export type SignedReceipt = Receipt & {
  readonly signature: Uint8Array;
  /** The whole receipt, and its part that is signed. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

/** Signs with the issuer key of the coin's custodian. @throws Refusal if the fields break the format. */
export async function signReceipt(
  networkId: Uint8Array,
  fields: Receipt,
  issuer: Signer,
): Promise<SignedReceipt> {
  const body = encodeBody(fields);
  const signature = await issuer.sign(message("receipt", networkId, body));
  return decodeReceipt(
    new Writer(RECEIPT_LENGTH).put(body).fixed(signature, SIGNATURE_LENGTH).done(),
  );
}

/** Whether the issuer key signed it. @throws Refusal `bad-signature`. */
export function checkReceiptSignature(
  networkId: Uint8Array,
  receipt: SignedReceipt,
  issuer: Uint8Array,
  verifier: Verifier,
): void {
  if (!verifier.verify(issuer, message("receipt", networkId, receipt.body), receipt.signature)) {
    throw new Refusal(
      "bad-signature",
      `the receipt is not signed by member ${receipt.output.custodian}`,
    );
  }
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeReceipt(bytes: Uint8Array): SignedReceipt {
  const reader = new Reader(bytes);
  const receipt = readReceipt(reader);
  reader.end("receipt");
  return receipt;
}

/** Reads a receipt that other things follow, as in a bundle or an answer. */
export function readReceipt(reader: Reader): SignedReceipt {
  const start = reader.offset;
  const outpoint = readOutpoint(reader, "outpoint");
  const output = readOutput(reader, "output");
  if (output.lock !== lock.key && output.lock !== lock.claim) {
    throw reader.refuse(`a receipt has no lock ${output.lock}`, "output.lock", OUTPUT_LENGTH);
  }
  const seq = reader.safe("seq");
  const issued = reader.safe("issued");
  const notAfter = reader.safe("notAfter");
  if (notAfter <= issued) throw reader.refuse("notAfter is not after issued", "notAfter", 8);
  const body = reader.since(start);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  const bytes = reader.since(start);
  return { outpoint, output, seq, issued, notAfter, signature, bytes, body };
}

function encodeBody(receipt: Receipt): Uint8Array {
  const writer = new Writer(RECEIPT_LENGTH);
  writeOutpoint(writer, receipt.outpoint);
  writeOutput(writer, receipt.output);
  return writer.safe(receipt.seq).safe(receipt.issued).safe(receipt.notAfter).done();
}
