/**
 * Is this bundle good money? First the payer: its certificate and its signature. Then every record from
 * the receipts down to the payment: that its signer owned what it spent, was certified to spend it as
 * deep as that, and that a bank vouches for where it all comes from.
 */
import { type Hex, toHex } from "../protocol/bytes.ts";
import type { Bundle } from "../protocol/bundle.ts";
import type { SignedCertificate } from "../protocol/certificate.ts";
import { ownerOf } from "../protocol/key.ts";
import { lock, type Outpoint, type Output, splitOutpoint } from "../protocol/output.ts";
import type { SignedReceipt } from "../protocol/receipt.ts";
import { checkRecordSignature, recordId, type SignedRecord } from "../protocol/record.ts";
import { Refusal } from "../protocol/refusal.ts";
import { offlineLimits } from "./offline-limits.ts";
import { checkCertificate, checkReceipt, type Knowledge } from "./trust.ts";

/** A coin as far as the bundle shows it. */
type Source = {
  readonly output: Output;
  /** 0 with a receipt, otherwise one more than the deepest input of its record. */
  readonly depth: number;
  /** The record that made it, unless a receipt vouches for it. */
  readonly parent?: SignedRecord | undefined;
};

/** The record that pays: the last one. */
export function paymentOf(bundle: Bundle): SignedRecord {
  return bundle.records.at(-1)!;
}

/** The certificate of a record's signer, which a decoded bundle has. */
export function signerOf(bundle: Bundle, record: SignedRecord): SignedCertificate {
  const key = toHex(record.signer);
  const certificate = bundle.certificates.find((each) => toHex(each.deviceKey) === key);
  if (certificate === undefined) throw new Error("the bundle was not decoded: a signer is missing");
  return certificate;
}

/**
 * Whether a certified device signed the payment.
 * @throws Refusal as `checkCertificate` does; `bad-signature`.
 */
export function checkPayer(known: Knowledge, bundle: Bundle): void {
  const payment = paymentOf(bundle);
  checkCertificate(known, signerOf(bundle, payment));
  checkRecordSignature(known.networkId, payment, known.verifier);
}

/**
 * Whether the payment's inputs come from coins that their custodians vouch for, through records that
 * are each in order. The payer has been checked.
 * @returns the depth of the coins that the payment makes.
 * @throws Refusal `false-receipt`, `wrong-owner`, `unbalanced`, `over-depth-limit`, and as
 *   `checkCertificate` and `checkReceipt` do.
 */
export function checkAncestry(known: Knowledge, bundle: Bundle): number {
  const payment = paymentOf(bundle);
  const receipts = new Map(bundle.receipts.map((receipt) => [receipt.outpoint, receipt]));
  const made = new Map<Hex, { readonly record: SignedRecord; readonly depth: number }>();
  const checked = new Set([signerOf(bundle, payment)]);
  let depth = 0;
  for (const record of bundle.records) {
    const signer = signerOf(bundle, record);
    if (!checked.has(signer)) checkCertificate(known, signer);
    checked.add(signer);
    if (record !== payment) checkRecordSignature(known.networkId, record, known.verifier);
    const sources = record.inputs.map((input) => sourceOf(known, input, receipts, made));
    checkSpend(record, signer, sources);
    const deepest = Math.max(...sources.map((source) => source.depth));
    const { maxDepth } = offlineLimits(known, signer);
    if (deepest > maxDepth && !isReturn(record, sources)) {
      throw new Refusal(
        "over-depth-limit",
        `a coin ${deepest} payments from its receipt was spent, ${maxDepth} are allowed`,
      );
    }
    depth = deepest + 1;
    made.set(recordId(known.networkId, record.body), { record, depth });
  }
  return depth;
}

/** What an input names: a coin with a receipt, or an output of a record before it. */
function sourceOf(
  known: Knowledge,
  input: Outpoint,
  receipts: ReadonlyMap<Outpoint, SignedReceipt>,
  made: ReadonlyMap<Hex, { readonly record: SignedRecord; readonly depth: number }>,
): Source {
  const receipt = receipts.get(input);
  if (receipt !== undefined) {
    checkReceipt(known, receipt);
    return { output: receipt.output, depth: 0 };
  }
  const { id, index } = splitOutpoint(input);
  const parent = made.get(id);
  const output = parent?.record.outputs[index];
  if (parent === undefined || output === undefined) {
    throw new Refusal("false-receipt", `nothing vouches for coin ${input}`);
  }
  return { output, depth: parent.depth, parent: parent.record };
}

/** As the ledger will: R4 and R5, for what devices do. */
function checkSpend(
  record: SignedRecord,
  signer: SignedCertificate,
  sources: readonly Source[],
): void {
  const owner = ownerOf(signer.deviceKey);
  const isOwn = ({ output }: Source) =>
    output.lock === lock.key && output.owner === owner && output.custodian === signer.member;
  if (record.kind !== "spend" || !sources.every(isOwn)) {
    throw new Refusal("wrong-owner", "a record spends what is not its signer's");
  }
  let balance = 0n;
  for (const { output } of sources) balance += output.amount;
  for (const output of record.outputs) balance -= output.amount;
  if (balance !== 0n) throw new Refusal("unbalanced", `inputs less outputs leave ${balance}`);
}

/** Pays the outputs of one record of the bundle back to that record's signer: no limit holds it up. */
function isReturn(record: SignedRecord, sources: readonly Source[]): boolean {
  const parent = sources[0]?.parent;
  if (parent === undefined || sources.some((source) => source.parent !== parent)) return false;
  const owner = ownerOf(parent.signer);
  return record.outputs.every((output) => output.lock === lock.key && output.owner === owner);
}
