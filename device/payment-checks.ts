/**
 * Whether a payment is good money, and whether it is wanted: the payee's checks, on a draft that they do
 * not change.
 */
import { equalBytes } from "../protocol/bytes.ts";
import type { Bundle } from "../protocol/bundle.ts";
import { ownerOf } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";
import { lock, type Output } from "../protocol/output.ts";
import { isPayingBack, parseReference } from "../protocol/reference.ts";
import { isRefusal, Refusal, type RefusalCode } from "../protocol/refusal.ts";
import { requestNonce } from "../protocol/request.ts";
import { checkAncestry, checkPayer, paymentOf, signerOf } from "./ancestry.ts";
import {
  type Holder,
  idOf,
  isOwn,
  knowledgeOf,
  ownCertificate,
  ownOutputs,
  sumOf,
} from "./holder.ts";
import { offlineLimits } from "./offline-limits.ts";
import { checkPayingBack } from "./paying-back.ts";
import { rivalOf } from "./pending-store.ts";
import { balanceOf } from "./purse-state.ts";
import type { Draft, OpenRequest } from "./purse-tables.ts";

/** With these the record cannot apply, or was not made for this request: there is nothing to hold. */
const worthless: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "bad-signature",
  "not-for-us",
  "unknown-recipient",
  "spent",
  "wrong-owner",
  "unbalanced",
  "false-receipt",
]);

/** Whether a payment that is refused for this leaves nothing to hold. */
export function isWorthless(error: unknown): error is Refusal {
  return isRefusal(error) && worthless.has(error.code);
}

/**
 * The payee's checks, in order.
 * @returns why the money is not wanted although it is good. @throws Refusal if it is not good.
 */
export function judgePayment(
  holder: Holder,
  draft: Draft,
  { request, isPaid }: OpenRequest,
  bundle: Bundle,
): Refusal | undefined {
  const known = knowledgeOf(holder, draft);
  const payment = paymentOf(bundle);
  checkPayer(known, bundle);
  const paid = checkOutputs(holder, bundle);
  if (!equalBytes(payment.nonce, requestNonce(holder.networkId, request))) {
    throw new Refusal("not-for-us", "the record answers another request");
  }
  checkNoRival(holder, draft, bundle);
  checkAncestry(known, bundle);
  const payer = signerOf(bundle, payment);
  const purpose = parseReference(request.reference);
  if (payer.class === "terminal" && !isPayingBack(purpose)) {
    throw new Refusal("refunds-only", "a till pays, and the request is for no refund or change");
  }
  const { maxPayment } = offlineLimits(known, payer);
  if (maxPayment !== undefined && paid >= maxPayment) {
    throw new Refusal("over-payment-limit", `the payer may pay less than ${maxPayment} at once`);
  }
  if (draft.get("records", idOf(holder, payment)) !== undefined) return undefined;
  if (isPaid) return new Refusal("already-paid", "the request has had its payment");
  if (paid !== request.amount) {
    return new Refusal("wrong-amount", `${paid} was paid where ${request.amount} was asked`);
  }
  return refusalOf(() => {
    if (isPayingBack(purpose)) checkPayingBack(draft, purpose, "paid", paid, payer.deviceKey);
    checkRoom(holder, draft, paid);
  });
}

/**
 * Whether the payment pays the device, and the rest goes back to the payer: a stranger among the outputs
 * might not be enrolled, and then nothing of the record would ever apply.
 */
export function checkOutputs(holder: Holder, bundle: Bundle): Amount {
  const payment = paymentOf(bundle);
  const payer = signerOf(bundle, payment);
  const owner = ownerOf(payer.deviceKey);
  if (owner === holder.owner) throw new Refusal("not-for-us", "the payment is our own");
  const isChange = (output: Output) =>
    output.lock === lock.key && output.owner === owner && output.custodian === payer.member;
  if (!payment.outputs.every((output) => isOwn(holder, output) || isChange(output))) {
    throw new Refusal("unknown-recipient", "the payment also pays someone else");
  }
  const amount = sumOf(ownOutputs(holder, payment));
  if (amount === 0n) throw new Refusal("not-for-us", "the payment does not pay us");
  return amount;
}

export function checkNoRival(holder: Holder, draft: Draft, bundle: Bundle): void {
  const rival = rivalOf(holder, draft, bundle);
  if (rival !== undefined) {
    throw new Refusal("spent", `record ${rival} has taken a coin of it before, here or nearby`);
  }
}

/** @throws Refusal `over-balance-limit` if the purse may not hold so much more. */
export function checkRoom(holder: Holder, draft: Draft, amount: Amount): void {
  const known = knowledgeOf(holder, draft);
  const { spendable, frozen, waiting } = balanceOf(holder, draft, known);
  const { maxBalance } = offlineLimits(known, ownCertificate(holder, draft));
  if (spendable + frozen + waiting + amount > maxBalance) {
    throw new Refusal("over-balance-limit", `the purse may hold ${maxBalance} at most`);
  }
}

function refusalOf(check: () => void): Refusal | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}
