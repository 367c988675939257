/**
 * The order of an online payment: what a merchant is owed, as its bank says and signs it. It travels with the
 * customer to whichever bank is to pay, and says all that bank needs: whose treasury to pay, how much, until
 * when, and what the customer is shown. Of the merchant's customer it says nothing.
 *
 *     version u8 | member u16 | payee 20 | amount u64 | id 16 | created u64 | notAfter u64
 *     | merchant length u8 + bytes | number length u8 + bytes | returnUrl length u8 + bytes
 *     | signature 64 by the member's issuer key over message("order", all before)
 *
 * The record that pays it gives `payee` exactly `amount` with its first output, and its nonce is the first half
 * of the order's digest: so the payer's bank signs for this very order, and the merchant's bank knows the
 * payment on the ledger, without a word between the two. What goes back to the customer goes the same way: the
 * nonce of the refund with number n is the first 14 bytes of digest("refund", id of the record that paid), then
 * n u16.
 */
import { concat, fromHex, type Hex, Reader, toHex, utf8, Writer } from "./bytes.ts";
import { type Owner, OWNER_LENGTH } from "./key.ts";
import { limits } from "./limits.ts";
import { digest, message } from "./message.ts";
import type { Amount } from "./money.ts";
import type { MemberId } from "./output.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";
import { FORMAT_VERSION, readVersion } from "./version.ts";

export type PaymentOrder = {
  /** The merchant's bank. */
  readonly member: MemberId;
  /** The owner of that bank's treasury key. */
  readonly payee: Owner;
  readonly amount: Amount;
  /** Fresh, 16 bytes: no two orders have the same digest. */
  readonly id: Uint8Array;
  /** Milliseconds of the bank's clock. */
  readonly created: number;
  /** From then on no customer begins to pay it. */
  readonly notAfter: number;
  /** The merchant as the bank knows it, for the customer's screen. */
  readonly merchant: string;
  /** The merchant's own number of the order. */
  readonly number: string;
  /** Where the customer goes back to, or empty. */
  readonly returnUrl: string;
};

/** An order as it travels. Made by `decodePaymentOrder` and `signPaymentOrder` alone. */
export type SignedPaymentOrder = PaymentOrder & {
  readonly signature: Uint8Array;
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

export const ORDER_ID_LENGTH = 16;
const NONCE_LENGTH = 16;
const REFUND_TAG_LENGTH = 14;

/** The name of an order: 32 bytes. */
export function orderDigest(
  networkId: Uint8Array,
  order: { readonly body: Uint8Array },
): Uint8Array {
  return digest("order", networkId, order.body);
}

/** The nonce of the record that pays it. */
export function orderNonce(
  networkId: Uint8Array,
  order: { readonly body: Uint8Array },
): Uint8Array {
  return orderDigest(networkId, order).subarray(0, NONCE_LENGTH);
}

/** What the nonces of all refunds of a payment begin with. @param id of the record that paid. */
export function refundTag(networkId: Uint8Array, id: Hex): Uint8Array {
  return digest("refund", networkId, fromHex(id, 32, "id")).subarray(0, REFUND_TAG_LENGTH);
}

/** @param number from 1 on, below 65,536; 0 for a payment that goes back whole because the order had been paid. */
export function refundNonce(networkId: Uint8Array, id: Hex, number: number): Uint8Array {
  return concat(refundTag(networkId, id), new Writer(2).u16(number).done());
}

/** The part of a nonce that would name the payment, were the record a refund. */
export function refundTagIn(nonce: Uint8Array): Uint8Array {
  return nonce.subarray(0, REFUND_TAG_LENGTH);
}

/** Signs with the member's issuer key. @throws Refusal if the fields break the format. */
export async function signPaymentOrder(
  networkId: Uint8Array,
  fields: PaymentOrder,
  issuer: Signer,
): Promise<SignedPaymentOrder> {
  const body = encodeBody(fields);
  const signature = await issuer.sign(message("order", networkId, body));
  return decodePaymentOrder(concat(body, signature));
}

/** Whether the member's issuer key signed it. @throws Refusal `bad-signature`. */
export function checkPaymentOrder(
  networkId: Uint8Array,
  order: SignedPaymentOrder,
  issuer: Uint8Array,
  verifier: Verifier,
): void {
  if (!verifier.verify(issuer, message("order", networkId, order.body), order.signature)) {
    throw new Refusal("bad-signature", `the order is not signed by member ${order.member}`);
  }
}

/** @throws Refusal `unsupported-version`, or `malformed` naming field and offset. */
export function decodePaymentOrder(bytes: Uint8Array): SignedPaymentOrder {
  const reader = new Reader(bytes);
  readVersion(reader, "order");
  const member = reader.u16("member");
  const payee = toHex(reader.take(OWNER_LENGTH, "payee"));
  const amount = reader.u64("amount");
  if (amount === 0n) throw reader.refuse("the order is for nothing", "amount", 8);
  const id = reader.take(ORDER_ID_LENGTH, "id");
  const created = reader.safe("created");
  const notAfter = reader.safe("notAfter");
  const merchant = reader.text(limits.labelMax, "merchant");
  const number = reader.text(limits.referenceMax, "number");
  const returnUrl = reader.text(limits.returnUrlMax, "returnUrl");
  const body = bytes.subarray(0, reader.offset);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  reader.end("order");
  const times = { created, notAfter };
  const texts = { merchant, number, returnUrl };
  return { member, payee, amount, id, ...times, ...texts, signature, bytes, body };
}

function encodeBody(order: PaymentOrder): Uint8Array {
  return new Writer(256)
    .u8(FORMAT_VERSION)
    .u16(order.member)
    .fixed(fromHex(order.payee), OWNER_LENGTH)
    .u64(order.amount)
    .fixed(order.id, ORDER_ID_LENGTH)
    .safe(order.created)
    .safe(order.notAfter)
    .short(utf8.encode(order.merchant))
    .short(utf8.encode(order.number))
    .short(utf8.encode(order.returnUrl))
    .done();
}
