/**
 * The bundle: what travels offline. A payment, the records that lead from receipts to it, and a
 * certificate of each who signed. It has one minimal form: what is needed is there, and nothing else.
 * Whether it is good money is for the device to judge.
 *
 *     version u8 | records u8 | certificates u8 | receipts u8 | record × | certificate × | receipt ×
 */
import { compareBytes, type Hex, Reader, toHex, Writer } from "./bytes.ts";
import { readCertificate, type SignedCertificate } from "./certificate.ts";
import { limits } from "./limits.ts";
import { OUTPOINT_LENGTH, type Outpoint, splitOutpoint } from "./output.ts";
import { readReceipt, type SignedReceipt } from "./receipt.ts";
import { readRecord, recordId, type SignedRecord } from "./record.ts";
import { Refusal } from "./refusal.ts";
import { FORMAT_VERSION, readVersion } from "./version.ts";

export type Bundle = {
  /** Parents first, the payment last. */
  readonly records: readonly SignedRecord[];
  /** One for each signer, ascending by key. */
  readonly certificates: readonly SignedCertificate[];
  /** Ascending by outpoint. Where a coin has a receipt, the record that made it is not asked for. */
  readonly receipts: readonly SignedReceipt[];
};

/** Version and three counts. */
const HEAD_LENGTH = 4;
/** Kind and count stand before a record's inputs. */
const INPUTS_OFFSET = 2;

/** Where the parts of a bundle are looked up, by id, key and outpoint. */
export interface BundleParts {
  record(id: Hex): SignedRecord | undefined;
  certificate(deviceKey: Hex): SignedCertificate | undefined;
  receipt(outpoint: Outpoint): SignedReceipt | undefined;
}

/**
 * Puts together what `payment` needs: follows its inputs to their receipts.
 * @throws Refusal `unknown-coin` for an input that nothing leads to, `untrusted-issuer` for a signer
 *   without certificate, `too-large`.
 */
export function makeBundle(payment: SignedRecord, parts: BundleParts): Bundle {
  const records = new Set<SignedRecord>();
  const certificates = new Set<SignedCertificate>();
  const receipts = new Set<SignedReceipt>();

  const add = (record: SignedRecord): void => {
    if (records.has(record)) return;
    for (const input of record.inputs) {
      const receipt = parts.receipt(input);
      const parent = receipt === undefined ? parts.record(splitOutpoint(input).id) : undefined;
      if (receipt !== undefined) receipts.add(receipt);
      else if (parent !== undefined) add(parent);
      else throw new Refusal("unknown-coin", `nothing leads to coin ${input}`);
    }
    const certificate = parts.certificate(toHex(record.signer));
    if (certificate === undefined) {
      throw new Refusal("untrusted-issuer", `signer ${toHex(record.signer)} has no certificate`);
    }
    certificates.add(certificate);
    records.add(record);
  };
  add(payment);

  const bundle = {
    records: [...records],
    certificates: [...certificates].sort((a, b) => compareBytes(a.deviceKey, b.deviceKey)),
    receipts: [...receipts].sort((a, b) => (a.outpoint < b.outpoint ? -1 : 1)),
  };
  checkBounds(bundle);
  return bundle;
}

export function encodeBundle(bundle: Bundle): Uint8Array {
  const writer = new Writer(1024)
    .u8(FORMAT_VERSION)
    .u8(bundle.records.length)
    .u8(bundle.certificates.length)
    .u8(bundle.receipts.length);
  for (const { bytes } of bundle.records) writer.put(bytes);
  for (const { bytes } of bundle.certificates) writer.put(bytes);
  for (const { bytes } of bundle.receipts) writer.put(bytes);
  return writer.done();
}

/** @throws Refusal `unsupported-version`, or `malformed` naming field and offset. */
export function decodeBundle(networkId: Uint8Array, bytes: Uint8Array): Bundle {
  const reader = new Reader(bytes);
  const bundle = readBundle(networkId, reader);
  reader.end("bundle");
  return bundle;
}

/** Reads a bundle that other things follow, as in a payment. */
export function readBundle(networkId: Uint8Array, reader: Reader): Bundle {
  const start = reader.offset;
  readVersion(reader, "bundle");
  const counts = {
    records: reader.count(1, 1, limits.bundleRecordsMax, "records"),
    certificates: reader.count(1, 1, limits.bundleCertificatesMax, "certificates"),
    receipts: reader.count(1, 1, limits.bundleReceiptsMax, "receipts"),
  };
  const records: SignedRecord[] = [];
  const starts: number[] = [];
  for (let i = 0; i < counts.records; i++) {
    starts.push(reader.offset);
    records.push(readRecord(reader));
  }
  const certificates = readCertificates(reader, counts.certificates);
  const receipts = readReceipts(reader, counts.receipts);
  const length = reader.offset - start;
  if (length > limits.bundleBytesMax) {
    const detail = `bundle has ${length} bytes, at most ${limits.bundleBytesMax}`;
    throw reader.refuse(detail, "bundle", length);
  }
  const bundle = { records, certificates, receipts };
  checkMinimal(networkId, bundle, starts);
  return bundle;
}

function readCertificates(reader: Reader, count: number): SignedCertificate[] {
  const certificates: SignedCertificate[] = [];
  for (let i = 0; i < count; i++) {
    const certificate = readCertificate(reader);
    if (i > 0 && compareBytes(certificate.deviceKey, certificates[i - 1]!.deviceKey) <= 0) {
      const back = certificate.bytes.length;
      throw reader.refuse("certificates are not ascending", `certificates[${i}]`, back);
    }
    certificates.push(certificate);
  }
  return certificates;
}

function readReceipts(reader: Reader, count: number): SignedReceipt[] {
  const receipts: SignedReceipt[] = [];
  for (let i = 0; i < count; i++) {
    const receipt = readReceipt(reader);
    if (i > 0 && receipt.outpoint <= receipts[i - 1]!.outpoint) {
      const back = receipt.bytes.length;
      throw reader.refuse("receipts are not ascending", `receipts[${i}]`, back);
    }
    receipts.push(receipt);
  }
  return receipts;
}

/**
 * Refuses a bundle that lacks something, spends a coin twice, or has something left over.
 * @param starts where each record begins; the counts stand right before the first.
 */
function checkMinimal(networkId: Uint8Array, bundle: Bundle, starts: readonly number[]): void {
  const unused = new Set<Outpoint>(bundle.receipts.map((receipt) => receipt.outpoint));
  const vouched = new Set<Outpoint>(unused);
  const made = new Map<Hex, number>();
  const childless = new Set<number>();
  const spent = new Set<Outpoint>();
  bundle.records.forEach((record, i) => {
    record.inputs.forEach((input, j) => {
      const field = `records[${i}].inputs[${j}]`;
      const offset = starts[i]! + INPUTS_OFFSET + j * OUTPOINT_LENGTH;
      if (spent.has(input)) throw malformed("a coin is spent twice", field, offset);
      spent.add(input);
      if (vouched.has(input)) return unused.delete(input);
      const { id, index } = splitOutpoint(input);
      const parent = made.get(id);
      if (parent === undefined || index >= bundle.records[parent]!.outputs.length) {
        throw malformed("no earlier record and no receipt has this coin", field, offset);
      }
      return childless.delete(parent);
    });
    made.set(recordId(networkId, record.body), i);
    childless.add(i);
  });
  childless.delete(bundle.records.length - 1);
  for (const i of childless) {
    throw malformed("the payment does not descend from it", `records[${i}]`, starts[i]!);
  }
  for (const outpoint of unused) {
    throw malformed(`the receipt of ${outpoint} is not needed`, "receipts", starts[0]! - 1);
  }
  checkSigners(bundle, starts[0]! - 2);
}

function checkSigners({ records, certificates }: Bundle, offset: number): void {
  const signers = new Set<Hex>(records.map((record) => toHex(record.signer)));
  const certified = new Set<Hex>(certificates.map(({ deviceKey }) => toHex(deviceKey)));
  for (const signer of signers) {
    if (!certified.delete(signer)) {
      throw malformed(`signer ${signer} has no certificate`, "certificates", offset);
    }
  }
  for (const key of certified) {
    throw malformed(`the certificate of ${key} is not needed`, "certificates", offset);
  }
}

/** @throws Refusal `too-large`. */
function checkBounds(bundle: Bundle): void {
  const parts = [...bundle.records, ...bundle.certificates, ...bundle.receipts];
  const length = parts.reduce((sum, { bytes }) => sum + bytes.length, HEAD_LENGTH);
  if (
    bundle.records.length > limits.bundleRecordsMax ||
    bundle.certificates.length > limits.bundleCertificatesMax ||
    bundle.receipts.length > limits.bundleReceiptsMax ||
    length > limits.bundleBytesMax
  ) {
    throw new Refusal("too-large", `a bundle of ${bundle.records.length} records, ${length} bytes`);
  }
}

function malformed(detail: string, field: string, offset: number): Refusal {
  return new Refusal("malformed", detail, { field, offset });
}
