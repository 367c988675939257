/**
 * The pending store: records made or received offline and not yet settled, with the ancestors that make
 * them good. A record is kept until it is known to have applied, and after that for as long as a coin
 * without a receipt descends from it.
 */
import { type Hex, toHex } from "../protocol/bytes.ts";
import { type Bundle, type BundleParts, makeBundle } from "../protocol/bundle.ts";
import type { SignedCertificate } from "../protocol/certificate.ts";
import type { ConfirmationStatus } from "../protocol/confirmation.ts";
import type { Amount } from "../protocol/money.ts";
import { type MemberId, type Outpoint, splitOutpoint } from "../protocol/output.ts";
import type { Reason } from "../protocol/reason.ts";
import type { SignedReceipt } from "../protocol/receipt.ts";
import type { SignedRecord } from "../protocol/record.ts";
import { Refusal } from "../protocol/refusal.ts";
import { learnTime } from "./held-lists.ts";
import { type Holder, idOf, isMerging, isToCode, ownOutputs, sumOf } from "./holder.ts";
import type { Draft, HeldRecord, MadePayment } from "./purse-tables.ts";
import { isRevoked } from "./trust.ts";

/** How a coin hangs together with what banks have vouched for. */
export type Lineage = {
  /** 0 with a receipt, otherwise one more than the deepest input of its record. */
  readonly depth: number;
  /** Milliseconds: when the first receipt or certificate on the way expires; 0 if a signer is revoked. */
  readonly goodUntil: number;
  /** Whether a record on the way was refused by the ledger. */
  readonly isDoubtful: boolean;
};

/** What the holder sees of a record that is not settled. */
export type PendingRecord = {
  readonly id: Hex;
  readonly record: SignedRecord;
  /**
   * Paid (to a device, to a code), redeemed, returned; merged, where small coins became few; received; or only
   * leading to one of these.
   */
  readonly role: "paid" | "code" | "redeemed" | "returned" | "merged" | "received" | "ancestor";
  /** What goes to others if the device made it, and to the device if another did. */
  readonly amount: Amount;
  /** The payee's answer to what was paid. */
  readonly outcome?: ConfirmationStatus | undefined;
  /** Whose gateway has it; 0 for none. */
  readonly acknowledgedBy: MemberId;
  /** Why the ledger does not take it, as the gateway says. */
  readonly reason?: Reason | undefined;
};

const UNKNOWN: Lineage = { depth: Number.POSITIVE_INFINITY, goodUntil: 0, isDoubtful: true };

/** Lineages of many coins: remembers what it found, so that a shared ancestor is walked once. */
export function lineages(draft: Draft): (outpoint: Outpoint) => Lineage {
  const byRecord = new Map<Hex, Lineage>();
  const ofRecord = (id: Hex): Lineage => {
    const found = byRecord.get(id);
    if (found !== undefined) return found;
    const held = draft.get("records", id);
    const certificate =
      held === undefined ? undefined : draft.get("certificates", toHex(held.record.signer));
    if (held === undefined || certificate === undefined) return UNKNOWN;
    const parents = held.record.inputs.map(of);
    const revocations = draft.get("revocations", String(certificate.member));
    const certifiedUntil = isRevoked(revocations, certificate.deviceKey) ? 0 : certificate.notAfter;
    const lineage: Lineage = {
      depth: 1 + Math.max(...parents.map((parent) => parent.depth)),
      goodUntil: Math.min(certifiedUntil, ...parents.map((parent) => parent.goodUntil)),
      isDoubtful: held.reason !== undefined || parents.some((parent) => parent.isDoubtful),
    };
    byRecord.set(id, lineage);
    return lineage;
  };
  const of = (outpoint: Outpoint): Lineage => {
    const receipt = draft.get("receipts", outpoint);
    if (receipt !== undefined) {
      return { depth: 0, goodUntil: receipt.notAfter, isDoubtful: false };
    }
    return ofRecord(splitOutpoint(outpoint).id);
  };
  return of;
}

/** The purse's tables as the source of a bundle's parts. */
export function bundleParts(draft: Draft): BundleParts {
  return {
    record: (id) => draft.get("records", id)?.record,
    certificate: (deviceKey) => draft.get("certificates", deviceKey),
    receipt: (outpoint) => draft.get("receipts", outpoint),
  };
}

/** A record that is held, with all that makes it good money. @throws Refusal `not-found`. */
export function bundleOf(draft: Draft, id: Hex): Bundle {
  const held = draft.get("records", id);
  if (held === undefined) throw new Refusal("not-found", `no record ${id} is held here`);
  return makeBundle(held.record, bundleParts(draft));
}

/** The unsettled records by id, each after the records it descends from. */
function unsettledRecords(draft: Draft): Map<Hex, HeldRecord> {
  const ordered = new Map<Hex, HeldRecord>();
  const add = (id: Hex): void => {
    const held = draft.get("records", id);
    if (held === undefined || held.settled || ordered.has(id)) return;
    for (const input of held.record.inputs) add(splitOutpoint(input).id);
    ordered.set(id, held);
  };
  for (const [id] of draft.rows("records")) add(id as Hex);
  return ordered;
}

/** The unsettled records as the holder sees them, parents first. */
export function pendingRecords(holder: Holder, draft: Draft): PendingRecord[] {
  return [...unsettledRecords(draft)].map(([id, { record, acknowledgedBy, reason }]) => {
    const isMade = toHex(record.signer) === holder.key;
    const made = isMade ? draft.get("payments", toHex(record.nonce)) : undefined;
    const own = sumOf(ownOutputs(holder, record));
    const total = record.outputs.reduce((sum, output) => sum + output.amount, 0n);
    const role = isMade ? roleOf(holder, made) : own > 0n ? "received" : "ancestor";
    const amount = isMade ? total - own : own;
    return { id, record, role, amount, outcome: made?.outcome, acknowledgedBy, reason };
  });
}

/**
 * What is done with the bank comes after what was done without it. Coins that were merged are the device's
 * own either way, and wait for nothing. @throws Refusal `sync-needed`.
 */
export function checkNothingPending(pending: readonly PendingRecord[]): void {
  if (pending.some(({ role }) => role !== "merged")) {
    throw new Refusal("sync-needed", "records are pending: they are settled first");
  }
}

/** What became of the coins of a record that the device made. */
function roleOf(holder: Holder, made: MadePayment | undefined): PendingRecord["role"] {
  if (made === undefined) return "returned";
  if (made.request !== undefined) return "paid";
  if (isMerging(holder, made)) return "merged";
  return isToCode(made) ? "code" : "redeemed";
}

/** Keeps the records of a bundle that has been judged, and all that makes them good. */
export function keepBundle(holder: Holder, draft: Draft, bundle: Bundle): void {
  for (const record of bundle.records) keepRecord(holder, draft, record);
  for (const certificate of bundle.certificates) keepCertificate(holder, draft, certificate);
  for (const receipt of bundle.receipts) {
    keepReceipt(draft, receipt);
    if (receipt.output.custodian === holder.member) learnTime(draft, receipt.issued);
  }
}

/** Keeps a record as pending, unless it is held already. */
export function keepRecord(holder: Holder, draft: Draft, record: SignedRecord): void {
  const id = idOf(holder, record);
  if (draft.get("records", id) !== undefined) return;
  draft.put("records", id, { record, settled: false, acknowledgedBy: 0 });
}

/** Keeps the certificate that is good for longer; the own one changes by `refresh` alone. */
export function keepCertificate(
  holder: Holder,
  draft: Draft,
  certificate: SignedCertificate,
): void {
  const key = toHex(certificate.deviceKey);
  const held = draft.get("certificates", key);
  if (held === undefined || (key !== holder.key && held.notAfter < certificate.notAfter)) {
    draft.put("certificates", key, certificate);
  }
}

/** Keeps the receipt that is good for longer. */
export function keepReceipt(draft: Draft, receipt: SignedReceipt): void {
  const held = draft.get("receipts", receipt.outpoint);
  if (held === undefined || held.notAfter < receipt.notAfter) {
    draft.put("receipts", receipt.outpoint, receipt);
  }
}

/**
 * The other record that spends a coin of this bundle, if one is held here or known elsewhere: one of the two is a
 * double spend, and the ledger will say which. One it has refused already is no rival.
 */
export function rivalOf(holder: Holder, draft: Draft, bundle: Bundle): Hex | undefined {
  const spenders = new Map<Outpoint, Hex>();
  for (const [id, { record, reason }] of draft.rows("records")) {
    if (reason !== undefined) continue;
    for (const input of record.inputs) spenders.set(input, id as Hex);
  }
  for (const record of bundle.records) {
    const id = idOf(holder, record);
    for (const input of record.inputs) {
      const spender = spenders.get(input) ?? holder.rival(input);
      if (spender !== undefined && spender !== id) return spender;
    }
  }
  return undefined;
}

/**
 * Forgets what has served: settled records that no coin needs, the receipts and certificates that went
 * with them, and messages that no honest device repeats any more. A spent coin is remembered until the
 * receipts it ever had have died and no record is held that makes it, so that nothing revives it.
 */
export function forget(holder: Holder, draft: Draft): void {
  const { signedTime } = draft.get("purse", "")!;
  const needed = neededRecords(draft);
  const signers = new Set<Hex>([holder.key]);
  const inputs = new Set<string>();
  const isRemembered = (since: number, outpoint: string) =>
    signedTime <= since + holder.receiptLifeMs ||
    needed.has(splitOutpoint(outpoint as Outpoint).id);
  for (const [id, { record }] of draft.rows("records")) {
    if (needed.has(id as Hex)) {
      signers.add(toHex(record.signer));
      for (const input of record.inputs) inputs.add(input);
    } else {
      draft.remove("records", id);
    }
  }
  for (const [key, coin] of draft.rows("coins")) {
    if (coin.state !== "spent") inputs.add(key);
    else if (!isRemembered(coin.since, key)) draft.remove("coins", key);
  }
  for (const [key] of draft.rows("receipts")) {
    if (!inputs.has(key)) draft.remove("receipts", key);
  }
  for (const [key] of draft.rows("certificates")) {
    if (!signers.has(key as Hex)) draft.remove("certificates", key);
  }
  forgetMessages(draft, signedTime);
}

/** Records that are not settled, and those that lead to coins without a receipt. */
function neededRecords(draft: Draft): Set<Hex> {
  const needed = new Set<Hex>(unsettledRecords(draft).keys());
  const followed = new Set<Hex>();
  const follow = (outpoint: Outpoint): void => {
    const { id } = splitOutpoint(outpoint);
    const held = draft.get("records", id);
    if (held === undefined || followed.has(id)) return;
    if (draft.get("receipts", outpoint) !== undefined) return;
    followed.add(id);
    needed.add(id);
    held.record.inputs.forEach(follow);
  };
  for (const [outpoint, coin] of draft.rows("coins")) {
    if (coin.state !== "spent") follow(outpoint as Outpoint);
  }
  return needed;
}

/** A request is repeated until its certificate has expired; a payment also counts in its window. */
function forgetMessages(draft: Draft, signedTime: number): void {
  for (const [key, { request }] of draft.rows("requests")) {
    if (request.certificate.notAfter < signedTime) draft.remove("requests", key);
  }
  for (const [key, { id, until }] of draft.rows("answers")) {
    if (until < signedTime && draft.get("records", id) === undefined) draft.remove("answers", key);
  }
  for (const [key, { record, until }] of draft.rows("payments")) {
    const isOpen = draft.get("coins", record.inputs[0]!)?.state === "committed";
    if (!isOpen && until <= signedTime) draft.remove("payments", key);
  }
}
