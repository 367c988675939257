/** A customer who pays online at one bank, with an order of the other's that is made here. */
import { encodeBase64Url } from "../../../protocol/base64url.ts";
import { ownerOf } from "../../../protocol/key.ts";
import { type PaymentOrder, signPaymentOrder } from "../../../protocol/payment-order.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { describedFetch } from "../../support/described-fetch.ts";
import { networkId } from "../../support/ledger-parts.ts";
import type { Bank } from "./bank.ts";

const OTHER = 2;

/** An order by the other bank, in base64url. */
export async function orderBy(bank: Bank, fields: Partial<PaymentOrder> = {}): Promise<string> {
  const { issuer, treasury } = bank.node.ledger.bank(OTHER);
  const order: PaymentOrder = {
    member: OTHER,
    payee: ownerOf(treasury.publicKey),
    amount: 10n,
    id: systemRandom(16),
    created: bank.now(),
    notAfter: bank.now() + 60_000,
    merchant: "Kiosk",
    number: "1",
    returnUrl: "",
    ...fields,
  };
  return encodeBase64Url((await signPaymentOrder(networkId, order, issuer)).bytes);
}

/** What a customer's page asks, in Chinese. */
export function askAsCustomer(bank: Bank, path: string, body: object): Promise<Response> {
  return describedFetch(`${bank.url}/v1/pay/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", "accept-language": "zh" },
  });
}
