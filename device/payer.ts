/**
 * The payer's side of an exchange: from a request to a body that commits coins, from the body to
 * message 2, and what message 3 changes. Each step works on a draft, which the purse writes before
 * anything leaves it.
 */
import { equalBytes, type Hex, isZero, toHex } from "../protocol/bytes.ts";
import { type Bundle, makeBundle } from "../protocol/bundle.ts";
import type { Certificate } from "../protocol/certificate.ts";
import { checkConfirmationSignature, type SignedConfirmation } from "../protocol/confirmation.ts";
import { makeSealingKey } from "../protocol/hpke.ts";
import { NOBODY, type Owner, ownerOf } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";
import { lock, type MemberId, type Outpoint } from "../protocol/output.ts";
import { sealPayment } from "../protocol/payment.ts";
import {
  checkRecordSignature,
  outpointsOf,
  signRecord,
  type SignedRecord,
} from "../protocol/record.ts";
import { isPayingBack, parseReference, type Reference } from "../protocol/reference.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import { checkRequestSignature, requestNonce, type SignedRequest } from "../protocol/request.ts";
import { payeeNumber } from "../protocol/second-factor-code.ts";
import { heldVersions, isBehind, listsFor } from "./held-lists.ts";
import { counterpartyOf, remember, rememberAnswer } from "./history.ts";
import { type Holder, idOf, isMerging, isOwn, knowledgeOf, ownCertificate } from "./holder.ts";
import { offlineLimits } from "./offline-limits.ts";
import { checkChangePromised, checkPayingBack, countPaidBack } from "./paying-back.ts";
import { bundleParts, keepCertificate, keepRecord } from "./pending-store.ts";
import { checkPaymentLimits, commitPayment, takeOutputs } from "./purse-state.ts";
import type { Draft, MadePayment } from "./purse-tables.ts";
import { anyCoin, makeBody, makeReturnBody, type Usable } from "./record-body.ts";
import { confirmPayment } from "./second-factor.ts";
import { checkCertificate, memberOf } from "./trust.ts";

/** Money for a payee without an account. */
export type CodePayment = {
  readonly amount: Amount;
  /** The member whose gateways pay it out. */
  readonly custodian: MemberId;
  /** 10 bytes. */
  readonly code: Uint8Array;
  /** 32 bytes. */
  readonly secret: Uint8Array;
};

/**
 * Whether a request is in order: who asks is who its certificate says, and asks for just this.
 * @throws Refusal as `checkCertificate` does; `bad-signature`; `not-for-us` for the device's own.
 */
export function checkAsked(holder: Holder, draft: Draft, request: SignedRequest): void {
  const { certificate } = request;
  checkCertificate(knowledgeOf(holder, draft), certificate);
  checkRequestSignature(holder.networkId, request, holder.verifier);
  if (toHex(certificate.deviceKey) === holder.key) {
    throw new Refusal("not-for-us", "the request is our own");
  }
}

/**
 * Fixes the body that answers a request, and commits its coins.
 * @param coins the coins to choose from; all, if it is not given.
 */
export function preparePayment(
  holder: Holder,
  draft: Draft,
  request: SignedRequest,
  coins?: readonly Outpoint[],
): void {
  const { certificate, amount } = request;
  checkAsked(holder, draft, request);
  const known = knowledgeOf(holder, draft);
  const own = ownCertificate(holder, draft);
  checkCertificate(known, own);
  const limits = offlineLimits(known, own);
  checkPaymentLimits(draft, limits, amount);
  const purpose = checkPurpose(draft, own, request);
  const usable = { maxDepth: limits.maxDepth, now: known.now, coins };
  const record = bodyFor(holder, draft, request, purpose, usable);
  bundleOf(draft, record);
  const payee = payeeNumber(ownerOf(certificate.deviceKey));
  confirmPayment(draft, { amount, payee }, known.now);
  const time = draft.get("purse", "")!.signedTime;
  const until = Math.max(certificate.notAfter, time + limits.windowS * 1000);
  commitPayment(draft, { request, record, time, until });
  const { reference } = request;
  const counterparty = counterpartyOf(certificate);
  remember(holder, draft, idOf(holder, record), { kind: "paid", amount, counterparty, reference });
  if (isPayingBack(purpose)) countPaidBack(draft, purpose, amount);
}

/** Fixes the body that pays `amount` to the member's vault, with coins of any depth and age, and commits them. */
export function prepareRedemption(
  holder: Holder,
  draft: Draft,
  amount: Amount,
  vault: Owner,
): SignedRecord {
  const payee = { lock: lock.key, owner: vault, custodian: holder.member, amount };
  const record = makeBody(holder, draft, payee, holder.random(16), anyCoin);
  const time = draft.get("purse", "")!.signedTime;
  commitPayment(draft, { record, time, until: time });
  remember(holder, draft, idOf(holder, record), { kind: "redeemed", amount, reference: "" });
  return record;
}

/**
 * Fixes the body that locks `amount` to a code, for a claim by `custodian`, and commits its coins: any coins,
 * since nobody takes it before it has settled.
 * @param secret what the code and the password lead to.
 */
export function prepareCode(
  holder: Holder,
  draft: Draft,
  { amount, custodian, code, secret }: CodePayment,
): SignedRecord {
  const known = knowledgeOf(holder, draft);
  const own = ownCertificate(holder, draft);
  if (own.class === "terminal") throw new Refusal("refunds-only", "this is a till");
  const limits = offlineLimits(known, own);
  checkPaymentLimits(draft, limits, amount);
  memberOf(known, custodian);
  const payee = { lock: lock.claim, owner: ownerOf(secret), custodian, amount };
  const record = makeBody(holder, draft, payee, holder.random(16), anyCoin);
  confirmPayment(draft, { amount, payee: payeeNumber(NOBODY) }, known.now);
  const time = draft.get("purse", "")!.signedTime;
  commitPayment(draft, { record, time, until: time + limits.windowS * 1000 });
  remember(holder, draft, idOf(holder, record), { kind: "code", amount, reference: "", code });
  return record;
}

/** Signs the body that was fixed, and seals message 2. What has been done stays as it is. */
export async function finishPayment(
  holder: Holder,
  draft: Draft,
  key: string,
): Promise<MadePayment> {
  const made = draft.get("payments", key)!;
  if (isSigned(made)) return made;
  const record = await signRecord(holder.networkId, made.record, holder.signer);
  keepRecord(holder, draft, record);
  if (isMerging(holder, made)) takeOutputs(holder, draft, record, "free");
  const message =
    made.request === undefined ? undefined : await sealMessage(holder, draft, record, made.request);
  const finished = { ...made, record, message };
  draft.put("payments", key, finished);
  return finished;
}

/** Whether the body of a payment has been signed. */
export function isSigned(made: MadePayment): boolean {
  return !isZero(made.record.signature);
}

/** What message 3 changes: accepted, the change is free; returned, the money is back as well. */
export function takeConfirmation(
  holder: Holder,
  draft: Draft,
  confirmation: SignedConfirmation,
): void {
  const [key, made] = paymentOf(holder, draft, confirmation.id);
  const payee = made.request!.certificate;
  checkConfirmationSignature(holder.networkId, confirmation, payee.deviceKey, holder.verifier);
  if (made.outcome === "accepted" || made.outcome === "returned") return;
  draft.put("payments", key, { ...made, outcome: confirmation.status });
  rememberAnswer(draft, confirmation.id, confirmation.status);
  if (confirmation.status === "invalid") return;
  if (confirmation.returned !== undefined) {
    checkReturn(holder, made, confirmation.returned);
    const purpose = parseReference(made.request!.reference);
    if (isPayingBack(purpose)) countPaidBack(draft, purpose, -made.request!.amount);
    keepCertificate(holder, draft, payee);
    keepRecord(holder, draft, confirmation.returned);
    takeOutputs(holder, draft, confirmation.returned, "free");
  }
  takeOutputs(holder, draft, made.record, "free");
}

/** What the request is for. @throws Refusal `malformed`, `refunds-only`, and as `checkPayingBack` does. */
function checkPurpose(
  draft: Draft,
  own: Certificate,
  { certificate, amount, reference }: SignedRequest,
): Reference {
  const purpose = parseReference(reference);
  checkChangePromised(purpose, amount);
  if (isPayingBack(purpose)) {
    checkPayingBack(draft, purpose, "received", amount, certificate.deviceKey);
  } else if (own.class === "terminal") {
    throw new Refusal("refunds-only", "this is a till, and the request is for no refund or change");
  }
  return purpose;
}

/** What is refunded whole may go back as it came in, where no other coins may. */
function bodyFor(
  holder: Holder,
  draft: Draft,
  request: SignedRequest,
  purpose: Reference,
  usable: Usable,
): SignedRecord {
  const { certificate, amount } = request;
  const owner = ownerOf(certificate.deviceKey);
  const payee = { lock: lock.key, owner, custodian: certificate.member, amount };
  const nonce = requestNonce(holder.networkId, request);
  try {
    return makeBody(holder, draft, payee, nonce, usable);
  } catch (error) {
    if (purpose.kind !== "refund" || !isRefusal(error, "over-depth-limit")) throw error;
    const record = makeReturnBody(holder, draft, payee, nonce, purpose.of);
    if (record === undefined) throw error;
    return record;
  }
}

/** @throws Refusal `sync-needed` when the way back to receipts is too long to be shown. */
function bundleOf(draft: Draft, record: SignedRecord): Bundle {
  try {
    return makeBundle(record, bundleParts(draft));
  } catch (error) {
    if (!isRefusal(error, "too-large")) throw error;
    throw new Refusal("sync-needed", `the money has come too far: ${error.message}`);
  }
}

async function sealMessage(
  holder: Holder,
  draft: Draft,
  record: SignedRecord,
  request: SignedRequest,
): Promise<Uint8Array> {
  const bundle = bundleOf(draft, record);
  const members = [request.certificate, ...bundle.certificates].map(({ member }) => member);
  const lists = listsFor(draft, knowledgeOf(holder, draft), request.versions, members);
  const versions = isBehind(draft, request.versions) ? heldVersions(draft) : [];
  const ephemeral = makeSealingKey(holder.random);
  return sealPayment(holder.networkId, { bundle, versions, lists }, request, ephemeral);
}

/** @throws Refusal `not-for-us` if the device has not paid with that record. */
function paymentOf(holder: Holder, draft: Draft, id: Hex): [string, MadePayment] {
  for (const [key, made] of draft.rows("payments")) {
    if (made.request !== undefined && idOf(holder, made.record) === id) {
      return [key, made];
    }
  }
  throw new Refusal("not-for-us", `no payment of ours is waiting for record ${id}`);
}

/**
 * Whether the payee pays back what it received, all of it and nothing else.
 * @throws Refusal `bad-signature`, `wrong-owner`, `wrong-amount`.
 */
function checkReturn(holder: Holder, made: MadePayment, returned: SignedRecord): void {
  const payee = made.request!.certificate.deviceKey;
  checkRecordSignature(holder.networkId, returned, holder.verifier);
  const owner = ownerOf(payee);
  const outpoints = outpointsOf(holder.networkId, made.record);
  const paid = outpoints.filter((_, i) => made.record.outputs[i]!.owner === owner).sort();
  if (
    returned.kind !== "spend" ||
    !equalBytes(returned.signer, payee) ||
    returned.inputs.join() !== paid.join()
  ) {
    throw new Refusal("wrong-owner", "the return does not give back what was paid");
  }
  const total: Amount = returned.outputs.reduce((sum, output) => sum + output.amount, 0n);
  if (total !== made.request!.amount || !returned.outputs.every((each) => isOwn(holder, each))) {
    throw new Refusal("wrong-amount", `the return pays ${total}, not all of it to us`);
  }
}
