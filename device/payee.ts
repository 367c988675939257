/**
 * The payee's side of an exchange, once a payment is opened: it is taken, paid back or not touched, and
 * confirmed. Each step works on a draft, which the purse writes before anything leaves it.
 */
import { sha256 } from "#sha256";
import { equalBytes, toHex } from "../protocol/bytes.ts";
import type { Bundle } from "../protocol/bundle.ts";
import {
  type ConfirmationStatus,
  decodeConfirmation,
  signConfirmation,
  type SignedConfirmation,
} from "../protocol/confirmation.ts";
import { ownerOf } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";
import { lock } from "../protocol/output.ts";
import type { Payment } from "../protocol/payment.ts";
import { auditOf, signRecord, type SignedRecord } from "../protocol/record.ts";
import { isPayingBack, parseReference } from "../protocol/reference.ts";
import type { Refusal } from "../protocol/refusal.ts";
import { requestNonce } from "../protocol/request.ts";
import { checkAncestry, checkPayer, paymentOf, signerOf } from "./ancestry.ts";
import { listsFor } from "./held-lists.ts";
import { counterpartyOf, remember } from "./history.ts";
import { type Holder, idOf, knowledgeOf, type OwnOutput, ownOutputs, sumOf } from "./holder.ts";
import { countPaidBack } from "./paying-back.ts";
import {
  checkNoRival,
  checkOutputs,
  checkRoom,
  isWorthless,
  judgePayment,
} from "./payment-checks.ts";
import { keepBundle, keepRecord } from "./pending-store.ts";
import { takeOutputs } from "./purse-state.ts";
import type { Draft, GivenAnswer, OpenRequest } from "./purse-tables.ts";
import { closeRequest } from "./requests.ts";

/** What became of a payment. */
export type Received = {
  /** Message 3. */
  readonly confirmation: SignedConfirmation;
  /** What came in, or was paid back; 0 for a message that was answered before. */
  readonly amount: Amount;
  /** Why it was returned, or is not money at all. */
  readonly refusal?: Refusal | undefined;
};

/**
 * Judges a payment and takes it, in the draft. Money that is good and not wanted, since it is another
 * amount, more than the purse may hold, or the second payment of a request, is paid back in the same step.
 * @throws Refusal for money the device will not touch: the payer syncs, and the ledger decides.
 */
export async function takePayment(
  holder: Holder,
  draft: Draft,
  message: Uint8Array,
  { open, payment }: { readonly open: OpenRequest; readonly payment: Payment },
): Promise<Received> {
  const { bundle } = payment;
  const record = paymentOf(bundle);
  const id = idOf(holder, record);
  const isForThis = equalBytes(record.nonce, requestNonce(holder.networkId, open.request));
  const given = draft.rows("answers").find(([, each]) => each.id === id);
  if (isForThis && given !== undefined) return answeredBefore(given[1]);
  const answer = (status: ConfirmationStatus, returned?: SignedRecord) =>
    confirm(holder, draft, payment, status, returned);
  let unwanted: Refusal | undefined;
  try {
    unwanted = judgePayment(holder, draft, open, bundle);
  } catch (error) {
    if (!isWorthless(error)) throw error;
    return { confirmation: await answer("invalid"), amount: 0n, refusal: error };
  }
  keepBundle(holder, draft, bundle);
  takeOutputs(holder, draft, record, unwanted === undefined ? "free" : "committed");
  const amount = sumOf(ownOutputs(holder, record));
  const returned =
    unwanted === undefined ? undefined : await makeReturn(holder, draft, bundle, amount);
  const status = unwanted === undefined ? "accepted" : "returned";
  const counterparty = counterpartyOf(signerOf(bundle, record));
  const { reference } = open.request;
  const past = { kind: "received", amount, counterparty, reference, answer: status } as const;
  const isNew = remember(holder, draft, id, past);
  const purpose = parseReference(reference);
  if (isNew && status === "accepted" && isPayingBack(purpose))
    countPaidBack(draft, purpose, amount);
  const confirmation = await answer(status, returned);
  closeRequest(holder, draft, open);
  draft.put("answers", toHex(sha256(message)), {
    id: confirmation.id,
    confirmation: confirmation.bytes,
    until: open.request.certificate.notAfter,
  });
  return { confirmation, amount, refusal: unwanted };
}

/** What was answered to a payment, also where it comes in another message 2. */
export function answeredBefore({ confirmation }: GivenAnswer): Received {
  return { confirmation: decodeConfirmation(confirmation), amount: 0n };
}

/**
 * Takes a bundle that answers no request: money that reached the device by another way.
 * @returns what came in with it, 0 if the device has it already. @throws Refusal as for a payment.
 */
export function takeBundle(holder: Holder, draft: Draft, bundle: Bundle): Amount {
  const known = knowledgeOf(holder, draft);
  checkPayer(known, bundle);
  checkOutputs(holder, bundle);
  checkNoRival(holder, draft, bundle);
  checkAncestry(known, bundle);
  const payment = paymentOf(bundle);
  const isNew = ({ outpoint }: OwnOutput) => draft.get("coins", outpoint) === undefined;
  const amount = sumOf(ownOutputs(holder, payment).filter(isNew));
  checkRoom(holder, draft, amount);
  keepBundle(holder, draft, bundle);
  takeOutputs(holder, draft, payment, "free");
  const counterparty = counterpartyOf(signerOf(bundle, payment));
  const past = { kind: "received", amount, counterparty, reference: "" } as const;
  if (amount > 0n) remember(holder, draft, idOf(holder, payment), past);
  return amount;
}

/** Pays the outputs that a bundle's payment gave us back to its signer. */
async function makeReturn(
  holder: Holder,
  draft: Draft,
  bundle: Bundle,
  amount: Amount,
): Promise<SignedRecord> {
  const payment = paymentOf(bundle);
  const payer = signerOf(bundle, payment);
  const purse = draft.get("purse", "")!;
  const counter = purse.counter + 1;
  const owner = ownerOf(payer.deviceKey);
  const body = {
    kind: "spend" as const,
    inputs: ownOutputs(holder, payment).map(({ outpoint }) => outpoint),
    outputs: [{ lock: lock.key, owner, custodian: payer.member, amount }],
    counter,
    time: holder.clock(),
    nonce: payment.nonce,
    audit: auditOf(new Uint8Array()),
  };
  const returned = await signRecord(holder.networkId, body, holder.signer);
  keepRecord(holder, draft, returned);
  draft.put("purse", "", { ...purse, counter });
  return returned;
}

function confirm(
  holder: Holder,
  draft: Draft,
  { bundle, versions }: Payment,
  status: ConfirmationStatus,
  returned?: SignedRecord,
): Promise<SignedConfirmation> {
  const payment = paymentOf(bundle);
  const members = [holder.member, signerOf(bundle, payment).member];
  // A payer that names nothing is behind in nothing.
  const known = knowledgeOf(holder, draft);
  const lists = versions.length === 0 ? [] : listsFor(draft, known, versions, members);
  const id = idOf(holder, payment);
  const fields = { status, id, lists, returned };
  return signConfirmation(holder.networkId, fields, holder.signer);
}
