/** Orders of online payments, as merchants' banks sign them. */
import { ownerOf } from "../../protocol/key.ts";
import {
  checkPaymentOrder,
  decodePaymentOrder,
  type PaymentOrder,
  signPaymentOrder,
} from "../../protocol/payment-order.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { bytes, networkId } from "./keys.ts";
import { issuers, now, payee } from "./parties.ts";
import { bad, badLengths, good, patch, type Vectors } from "./vector.ts";

/** Where the amount and the first text begin. */
const AMOUNT = 23;
const MERCHANT = 63;

export async function orders(): Promise<Vectors> {
  const order = await sign({});
  const check = (input: Uint8Array) =>
    checkPaymentOrder(networkId, decodePaymentOrder(input), issuers[0].publicKey, portableVerifier);
  return {
    good: [
      good("an order", order),
      good("an order that leads nowhere back", await sign({ returnUrl: "" })),
      good("an order of a merchant with a long name", await sign({ merchant: "茶".repeat(10) })),
    ],
    bad: [
      ...badLengths(order.bytes, decodePaymentOrder),
      bad("version 2", patch(order.bytes, 0, 2), decodePaymentOrder),
      bad("for nothing", patch(order.bytes, AMOUNT, ...new Uint8Array(8)), decodePaymentOrder),
      bad("a name of 33 bytes", patch(order.bytes, MERCHANT, 33), decodePaymentOrder),
      bad("a name that is not UTF-8", patch(order.bytes, MERCHANT + 1, 0xff), decodePaymentOrder),
      bad("another amount than was signed", patch(order.bytes, AMOUNT, 1), check),
    ],
  };
}

function sign(fields: Partial<PaymentOrder>) {
  const order: PaymentOrder = {
    member: 1,
    payee: ownerOf(payee.publicKey),
    amount: 1_250n,
    id: bytes("order", 16),
    created: now,
    notAfter: now + 900_000,
    merchant: "Kiosk",
    number: "2026-4711",
    returnUrl: "https://kiosk.example/orders/4711",
    ...fields,
  };
  return signPaymentOrder(networkId, order, issuers[0]);
}
