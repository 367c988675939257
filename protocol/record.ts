/**
 * The record: the signed spend of coins. Its id is the digest of its body; the signature, the secret of
 * a claim and the envelope stand outside, so that no one can give a payment a second name.
 */
import { sha256 } from "#sha256";
import { equalBytes, isZero, Reader, toHex, type Hex, Writer } from "./bytes.ts";
import { readKey } from "./key.ts";
import { limits } from "./limits.ts";
import { digest, message } from "./message.ts";
import {
  lock,
  type Outpoint,
  type Output,
  outpointOf,
  readOutpoint,
  readOutput,
  writeOutpoint,
  writeOutput,
} from "./output.ts";
import { isSigned, type OwnSignature } from "./own-signature.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";
import { Refusal } from "./refusal.ts";

/** First byte of a record by what it does. */
export const recordKinds = { spend: 1, claim: 2, reclaim: 3 } as const;

export type RecordKind = keyof typeof recordKinds;

export type RecordBody = {
  readonly kind: RecordKind;
  /** 1 to 16, strictly ascending. */
  readonly inputs: readonly Outpoint[];
  /** 1 to 16, of lock key, claim or burn. */
  readonly outputs: readonly Output[];
  /** The element's count of its records. */
  readonly counter: number;
  /** Milliseconds, advisory. */
  readonly time: number;
  /** 16 bytes: the first half of the digest of the request that is paid. */
  readonly nonce: Uint8Array;
  /** SHA-256 of the envelope, zero if there is none. */
  readonly audit: Uint8Array;
};

/** What opens the inputs, and what travels with the body unsigned but bound. */
export type Witness = {
  /** The secret of a claim, 32 bytes; absent otherwise. */
  readonly preimage?: Uint8Array | undefined;
  /** A sealed memo of at most 512 bytes, empty if there is none. */
  readonly envelope: Uint8Array;
};

/** A record as it travels. Made by `decodeRecord` and `signRecord` alone, so that fields and bytes agree. */
export type SignedRecord = RecordBody &
  Witness & {
    readonly signer: Uint8Array;
    readonly signature: Uint8Array;
    /** The whole leaf, and its part that is hashed and signed. */
    readonly bytes: Uint8Array;
    readonly body: Uint8Array;
  };

export const NONCE_LENGTH = 16;
const NO_ENVELOPE = new Uint8Array(32);

/** The commitment to an envelope that stands in the body. */
export function auditOf(envelope: Uint8Array): Uint8Array {
  return envelope.length === 0 ? NO_ENVELOPE : sha256(envelope);
}

export function recordId(networkId: Uint8Array, body: Uint8Array): Hex {
  return toHex(digest("record", networkId, body));
}

/** The outpoints that a record's outputs have, in their order. */
export function outpointsOf(networkId: Uint8Array, record: SignedRecord): Outpoint[] {
  const id = digest("record", networkId, record.body);
  return record.outputs.map((_, index) => outpointOf(id, index));
}

/** Signs a body and puts it together as it travels. @throws Refusal if the fields break the format. */
export async function signRecord(
  networkId: Uint8Array,
  body: RecordBody,
  signer: Signer,
  witness: Witness = { envelope: new Uint8Array() },
): Promise<SignedRecord> {
  const signature = await signer.sign(message("record", networkId, encodeRecordBody(body)));
  return decodeRecord(encodeRecord({ ...body, ...witness, signer: signer.publicKey, signature }));
}

export function signatureOf({ signer, body, signature }: SignedRecord): OwnSignature {
  return { name: "record", body, by: signer, signature };
}

/** Why its signature does not hold. @param isKey whether the signer's key is one. */
export function forgedRecord(isKey: boolean): Refusal {
  return isKey
    ? new Refusal("bad-signature", "the record is not signed by its signer")
    : new Refusal("malformed", "the signer is not on the curve P-256");
}

/** Whether the signer's key is one and the signature holds. @throws Refusal `malformed`, `bad-signature`. */
export function checkRecordSignature(
  networkId: Uint8Array,
  record: SignedRecord,
  verifier: Verifier,
): void {
  if (isSigned(networkId, signatureOf(record), verifier)) return;
  throw forgedRecord(verifier.isKey(record.signer));
}

export function encodeRecordBody(body: RecordBody): Uint8Array {
  const writer = new Writer(512).u8(recordKinds[body.kind]).u8(body.inputs.length);
  for (const input of body.inputs) writeOutpoint(writer, input);
  writer.u8(body.outputs.length);
  for (const output of body.outputs) writeOutput(writer, output);
  return writer
    .safe(body.counter)
    .safe(body.time)
    .fixed(body.nonce, NONCE_LENGTH)
    .fixed(body.audit, 32)
    .done();
}

export function encodeRecord(record: Omit<SignedRecord, "bytes" | "body">): Uint8Array {
  return new Writer(512)
    .put(encodeRecordBody(record))
    .fixed(record.signer, 33)
    .fixed(record.signature, SIGNATURE_LENGTH)
    .short(record.preimage ?? new Uint8Array())
    .long(record.envelope)
    .done();
}

/** @throws Refusal `malformed` naming field and offset. Whether the key is on the curve is the verifier's to say. */
export function decodeRecord(bytes: Uint8Array): SignedRecord {
  const reader = new Reader(bytes);
  const record = readRecord(reader);
  reader.end("record");
  return record;
}

/** Reads a record that other things follow, as in a bundle. */
export function readRecord(reader: Reader): SignedRecord {
  const start = reader.offset;
  const kind = readKind(reader);
  const inputs = readInputs(reader, kind);
  const outputs = readOutputs(reader);
  const counter = reader.safe("counter");
  const time = reader.safe("time");
  const nonce = reader.take(NONCE_LENGTH, "nonce");
  const auditOffset = reader.offset;
  const audit = reader.take(32, "audit");
  const body = reader.since(start);
  const signer = readKey(reader, "signer");
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  const preimage = readPreimage(reader, kind);
  const envelope = reader.long(limits.envelopeMax, "envelope");
  if (envelope.length === 0 ? !isZero(audit) : !equalBytes(audit, sha256(envelope))) {
    throw reader.refuse(
      "audit is not the hash of the envelope",
      "audit",
      reader.offset - auditOffset,
    );
  }
  return {
    kind,
    inputs,
    outputs,
    counter,
    time,
    nonce,
    audit: envelope.length === 0 ? NO_ENVELOPE : audit,
    signer,
    signature,
    preimage,
    envelope,
    bytes: reader.since(start),
    body,
  };
}

function readKind(reader: Reader): RecordKind {
  const kind = reader.u8("kind");
  if (kind === recordKinds.spend) return "spend";
  if (kind === recordKinds.claim) return "claim";
  if (kind === recordKinds.reclaim) return "reclaim";
  throw reader.refuse(`kind ${kind} is no record`, "kind", 1);
}

function readInputs(reader: Reader, kind: RecordKind): Outpoint[] {
  const count = reader.u8("inputs");
  if (count === 0 || count > limits.inputsMax)
    throw reader.refuse(`${count} inputs, 1 to 16 belong`, "inputs", 1);
  if (kind === "claim" && count !== 1) throw reader.refuse("a claim has one input", "inputs", 1);
  const inputs: Outpoint[] = [];
  for (let i = 0; i < count; i++) {
    const input = readOutpoint(reader, `inputs[${i}]`);
    if (i > 0 && input <= inputs[i - 1]!)
      throw reader.refuse("inputs are not ascending", `inputs[${i}]`, 33);
    inputs.push(input);
  }
  return inputs;
}

function readOutputs(reader: Reader): Output[] {
  const count = reader.u8("outputs");
  if (count === 0 || count > limits.outputsMax)
    throw reader.refuse(`${count} outputs, 1 to 16 belong`, "outputs", 1);
  const outputs: Output[] = [];
  for (let i = 0; i < count; i++) {
    const output = readOutput(reader, `outputs[${i}]`);
    if (output.lock === lock.replacement) {
      throw reader.refuse("only the ledger makes replacement coins", `outputs[${i}].lock`, 31);
    }
    outputs.push(output);
  }
  return outputs;
}

function readPreimage(reader: Reader, kind: RecordKind): Uint8Array | undefined {
  const preimage = reader.short(limits.preimageLength, "preimage");
  if (kind !== "claim" && preimage.length !== 0) {
    throw reader.refuse("only a claim has a preimage", "preimage", preimage.length + 1);
  }
  if (kind === "claim" && preimage.length !== limits.preimageLength) {
    throw reader.refuse("a claim has a preimage of 32 bytes", "preimage", preimage.length + 1);
  }
  return kind === "claim" ? preimage : undefined;
}
