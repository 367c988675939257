/**
 * The device's own requests: each has a key of its own and is open to one payment. One that has been paid is
 * kept for a while, so that what answers it a second time can be opened, and given back.
 */
import { toHex } from "../protocol/bytes.ts";
import { makeSealingKey } from "../protocol/hpke.ts";
import type { Amount } from "../protocol/money.ts";
import { openPayment, type Payment } from "../protocol/payment.ts";
import { isPayingBack, parseReference } from "../protocol/reference.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import { requestDigest, signRequest, type SignedRequest } from "../protocol/request.ts";
import { heldVersions } from "./held-lists.ts";
import { type Holder, knowledgeOf, ownCertificate } from "./holder.ts";
import { checkChangePromised, checkPayingBack } from "./paying-back.ts";
import { checkRoom } from "./payment-checks.ts";
import type { Draft, OpenRequest } from "./purse-tables.ts";
import { checkCertificate } from "./trust.ts";

/** Requests that wait to be paid, and those that have been: of each kind the oldest makes room. */
const KEPT_MAX = 16;

/** Makes message 1, and the ephemeral key that opens its answer. */
export async function makeRequest(
  holder: Holder,
  draft: Draft,
  amount: Amount,
  reference: string,
): Promise<SignedRequest> {
  const certificate = ownCertificate(holder, draft);
  checkCertificate(knowledgeOf(holder, draft), certificate);
  checkRoom(holder, draft, amount);
  const purpose = parseReference(reference);
  if (isPayingBack(purpose)) checkPayingBack(draft, purpose, "paid", amount);
  checkChangePromised(purpose, amount);
  const ephemeral = makeSealingKey(holder.random);
  const fields = {
    certificate,
    amount,
    ephemeral: ephemeral.publicKey,
    versions: heldVersions(draft),
    reference,
  };
  const request = await signRequest(holder.networkId, fields, holder.signer);
  const numbers = draft.rows("requests").map(([, { number }]) => number);
  keep(holder, draft, { request, ephemeral, number: 1 + Math.max(0, ...numbers), isPaid: false });
  return request;
}

/**
 * Finds the request that a message 2 answers, those that are open first, and opens it.
 * @throws Refusal `not-for-us`; as `openPayment` does for what is inside.
 */
export async function openAnswer(
  holder: Holder,
  draft: Draft,
  message: Uint8Array,
): Promise<{ readonly open: OpenRequest; readonly payment: Payment }> {
  const requests = draft.rows("requests").map(([, open]) => open);
  requests.sort((a, b) => Number(a.isPaid) - Number(b.isPaid) || b.number - a.number);
  for (const open of requests) {
    try {
      const { request, ephemeral } = open;
      return { open, payment: await openPayment(holder.networkId, message, request, ephemeral) };
    } catch (error) {
      if (!isRefusal(error, "not-for-us")) throw error;
    }
  }
  throw new Refusal("not-for-us", "the payment answers no request of ours");
}

/** The request has had its payment. */
export function closeRequest(holder: Holder, draft: Draft, open: OpenRequest): void {
  keep(holder, draft, { ...open, isPaid: true });
}

function keep(holder: Holder, draft: Draft, open: OpenRequest): void {
  draft.put("requests", toHex(requestDigest(holder.networkId, open.request)), open);
  const alike = draft.rows("requests").filter(([, { isPaid }]) => isPaid === open.isPaid);
  alike.sort(([, a], [, b]) => b.number - a.number);
  for (const [key] of alike.slice(KEPT_MAX)) draft.remove("requests", key);
}
