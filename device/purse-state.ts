/**
 * How a purse changes: coins from free to committed to spent, records from pending to settled, the
 * limits of the certificate, and what may be forgotten. Each is a step on a draft; nothing here signs,
 * writes or sends.
 */
import { type Hex, toHex } from "../protocol/bytes.ts";
import type { Amount } from "../protocol/money.ts";
import { type Outpoint, splitOutpoint } from "../protocol/output.ts";
import type { SignedReceipt } from "../protocol/receipt.ts";
import type { SignedRecord } from "../protocol/record.ts";
import { Refusal } from "../protocol/refusal.ts";
import { learnTime } from "./held-lists.ts";
import { rememberCredit, rememberSettled } from "./history.ts";
import { type Holder, isOwn, isToCode, ownOutputs } from "./holder.ts";
import { type OfflineLimits, offlineLimits } from "./offline-limits.ts";
import { keepReceipt, lineages } from "./pending-store.ts";
import type { Draft, MadePayment } from "./purse-tables.ts";
import type { Spendable } from "./selection.ts";
import type { Knowledge } from "./trust.ts";

/** What a purse holds, in minor units. */
export type Balance = {
  /** Can be paid offline, now. */
  readonly spendable: Amount;
  /** Received or left over offline, or with old receipts: can be paid after a sync. */
  readonly frozen: Amount;
  /** Change of payments that the payee has not confirmed. */
  readonly waiting: Amount;
  /** Descends from a record that the ledger has refused. */
  readonly doubtful: Amount;
};

export function balanceOf(holder: Holder, draft: Draft, known: Knowledge): Balance {
  const certificate = draft.get("certificates", holder.key);
  const maxDepth = certificate === undefined ? -1 : offlineLimits(known, certificate).maxDepth;
  const lineage = lineages(draft);
  const balance = {
    spendable: 0n,
    frozen: 0n,
    waiting: waitingChange(holder, draft),
    doubtful: 0n,
  };
  for (const [outpoint, coin] of draft.rows("coins")) {
    if (coin.state !== "free") continue;
    const { depth, goodUntil, isDoubtful } = lineage(outpoint as Outpoint);
    const isReady = depth <= maxDepth && goodUntil > known.now;
    balance[isDoubtful ? "doubtful" : isReady ? "spendable" : "frozen"] += coin.amount;
  }
  return balance;
}

/** A coin as its holder sees it. */
export type HeldCoin = {
  readonly outpoint: Outpoint;
  readonly amount: Amount;
  readonly state: "free" | "committed";
  /** Milliseconds; absent for money received or left over offline. */
  readonly receiptUntil?: number | undefined;
};

/** The coins that are not spent. */
export function heldCoins(draft: Draft): HeldCoin[] {
  const coins: HeldCoin[] = [];
  for (const [key, { amount, state }] of draft.rows("coins")) {
    const outpoint = key as Outpoint;
    const receiptUntil = draft.get("receipts", outpoint)?.notAfter;
    if (state !== "spent") coins.push({ outpoint, amount, state, receiptUntil });
  }
  return coins;
}

/** The free coins that selection may choose from. */
export function spendableCoins(draft: Draft): Spendable[] {
  const lineage = lineages(draft);
  const coins: Spendable[] = [];
  for (const [key, coin] of draft.rows("coins")) {
    const outpoint = key as Outpoint;
    if (coin.state !== "free") continue;
    const { depth, goodUntil, isDoubtful } = lineage(outpoint);
    if (!isDoubtful) coins.push({ outpoint, amount: coin.amount, depth, goodUntil });
  }
  return coins;
}

/** Change that comes once its payment is confirmed or settled. */
export function waitingChange(holder: Holder, draft: Draft): Amount {
  let waiting = 0n;
  for (const [, { record }] of draft.rows("payments")) {
    if (!isUnsettled(draft, record)) continue;
    for (const { outpoint, output } of ownOutputs(holder, record)) {
      if (draft.get("coins", outpoint) === undefined) waiting += output.amount;
    }
  }
  return waiting;
}

/**
 * The device's own limits on one more payment offline.
 * @throws Refusal `over-payment-limit`, `over-count-limit`.
 */
export function checkPaymentLimits(draft: Draft, limits: OfflineLimits, amount: Amount): void {
  const { maxPayment, maxCount, windowS } = limits;
  if (maxPayment !== undefined && amount >= maxPayment) {
    throw new Refusal("over-payment-limit", `${amount} is not below ${maxPayment}`);
  }
  if (maxCount === undefined) return;
  const from = draft.get("purse", "")!.signedTime - windowS * 1000;
  let count = 0;
  for (const [, payment] of draft.rows("payments")) {
    const isOffline = payment.request !== undefined || isToCode(payment);
    if (isOffline && payment.time > from) count++;
  }
  if (count >= maxCount) {
    throw new Refusal(
      "over-count-limit",
      `${count} payments in ${windowS} s, below ${maxCount} are allowed`,
    );
  }
}

/** Fixes the body of a record: from here on its coins are for it alone. */
export function commitPayment(draft: Draft, payment: MadePayment): void {
  for (const input of payment.record.inputs) {
    const coin = draft.get("coins", input)!;
    draft.put("coins", input, { ...coin, state: "committed" });
  }
  const purse = draft.get("purse", "")!;
  draft.put("purse", "", { ...purse, counter: payment.record.counter });
  draft.put("payments", toHex(payment.record.nonce), payment);
}

/** Makes the record's outputs to this device its coins, unless it knows them already. */
export function takeOutputs(
  holder: Holder,
  draft: Draft,
  record: SignedRecord,
  state: "free" | "committed",
): void {
  for (const { outpoint, output } of ownOutputs(holder, record)) {
    if (draft.get("coins", outpoint) !== undefined) continue;
    draft.put("coins", outpoint, { amount: output.amount, state, since: 0 });
  }
}

/**
 * Takes a receipt, already checked, for a coin of the device's own: a new coin, or one that is vouched
 * for again. The record that made the coin has applied.
 */
export function takeReceipt(holder: Holder, draft: Draft, receipt: SignedReceipt): void {
  const { outpoint, output, issued } = receipt;
  if (!isOwn(holder, output)) {
    throw new Refusal("not-for-us", `the receipt is for a coin of ${output.owner}`);
  }
  learnTime(draft, issued);
  const { id } = splitOutpoint(outpoint);
  if (draft.get("coins", outpoint) === undefined) {
    draft.put("coins", outpoint, { amount: output.amount, state: "free", since: 0 });
    if (draft.get("records", id) === undefined) rememberCredit(holder, draft, id, output.amount);
  }
  keepReceipt(draft, receipt);
  settleRecord(holder, draft, id, issued);
}

/**
 * A record is known to have applied, and so have those it descends from.
 * @param at when the own member said so, in milliseconds: receipts for what was spent are older.
 */
export function settleRecord(holder: Holder, draft: Draft, id: Hex, at: number): void {
  const held = draft.get("records", id);
  if (held === undefined || held.settled) return;
  draft.put("records", id, { ...held, settled: true, reason: undefined });
  rememberSettled(draft, id);
  const since = Math.max(at, draft.get("purse", "")!.signedTime);
  for (const input of held.record.inputs) {
    settleRecord(holder, draft, splitOutpoint(input).id, at);
    const coin = draft.get("coins", input);
    if (coin !== undefined) draft.put("coins", input, { ...coin, state: "spent", since });
  }
  takeOutputs(holder, draft, held.record, "free");
}

/** Whether the ledger has yet to say what became of a record that the device made. */
function isUnsettled(draft: Draft, made: SignedRecord): boolean {
  return draft.get("coins", made.inputs[0]!)?.state === "committed";
}
