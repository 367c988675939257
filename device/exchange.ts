/**
 * The three messages between two purses over any transport, when nothing goes wrong on the way; and the
 * journeys that are made of several exchanges.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { SignedConfirmation } from "../protocol/confirmation.ts";
import type { Amount } from "../protocol/money.ts";
import type { Outpoint } from "../protocol/output.ts";
import { formatReference, parseReference } from "../protocol/reference.ts";
import { Refusal } from "../protocol/refusal.ts";
import { decodeRequest } from "../protocol/request.ts";
import type { Received } from "./payee.ts";
import type { Purse } from "./purse.ts";
import type { Transport } from "./transport.ts";

/** The payee's side: asks for `amount`, takes the payment, confirms it. */
export async function collect(
  purse: Purse,
  transport: Transport,
  amount: Amount,
  reference?: string,
): Promise<Received> {
  await transport.send(await purse.request(amount, reference));
  const received = await purse.receive(await transport.receive());
  await transport.send(received.confirmation.bytes);
  return received;
}

/** The payer's side: pays what is asked, takes the confirmation. @param coins as for `Purse.pay`. */
export async function payOver(
  purse: Purse,
  transport: Transport,
  coins?: readonly Outpoint[],
): Promise<SignedConfirmation> {
  return answer(purse, transport, await transport.receive(), coins);
}

/**
 * The side of a refund that once paid: takes back `amount` of what record `of` paid. The side that was paid
 * then is the payer of an ordinary exchange.
 */
export function collectRefund(
  purse: Purse,
  transport: Transport,
  of: Hex,
  amount: Amount,
): Promise<Received> {
  return collect(purse, transport, amount, formatReference({ kind: "refund", of }));
}

/** What is sold to a payer who has only a coin that is larger than the price. */
export type Sale = {
  readonly price: Amount;
  /** What the payer hands over; more than the price. */
  readonly tendered: Amount;
  /** An order number or a place. */
  readonly text?: string;
};

/** The payee's side: takes the large coin whole, and gives change with a coin of its own. */
export async function collectGivingChange(
  purse: Purse,
  transport: Transport,
  { price, tendered, text = "" }: Sale,
): Promise<Received> {
  const promise = formatReference({ kind: "price", price, text });
  const received = await collect(purse, transport, tendered, promise);
  if (received.refusal !== undefined) return received;
  const request = await transport.receive();
  const owed = formatReference({ kind: "change", of: received.confirmation.id });
  if (decodeRequest(request).reference !== owed) {
    throw new Refusal("not-for-us", "what is asked for is not the change of this payment");
  }
  await answer(purse, transport, request);
  return received;
}

/**
 * The payer's side: pays what is asked, and takes the change of it.
 * @param coins the large coin. @returns the change; absent if the payment was not accepted.
 * @throws Refusal `not-refundable` where the payee promised no change.
 */
export async function payTakingChange(
  purse: Purse,
  transport: Transport,
  coins?: readonly Outpoint[],
): Promise<Received | undefined> {
  const request = await transport.receive();
  const { amount, reference } = decodeRequest(request);
  const promise = parseReference(reference);
  if (promise.kind !== "price") {
    throw new Refusal("not-refundable", "the request promises no change");
  }
  const { id, status } = await answer(purse, transport, request, coins);
  if (status !== "accepted") return undefined;
  const change = formatReference({ kind: "change", of: id });
  return collect(purse, transport, amount - promise.price, change);
}

async function answer(
  purse: Purse,
  transport: Transport,
  request: Uint8Array,
  coins?: readonly Outpoint[],
): Promise<SignedConfirmation> {
  await transport.send(await purse.pay(request, coins));
  return purse.confirm(await transport.receive());
}
