/** Whether an order that a customer brings is a member's word, and may still be paid. */
import { decodeBase64Url } from "../../protocol/base64url.ts";
import type { Owner } from "../../protocol/key.ts";
import type { MemberId } from "../../protocol/output.ts";
import {
  checkPaymentOrder,
  decodePaymentOrder,
  type SignedPaymentOrder,
} from "../../protocol/payment-order.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { Verifier } from "../../protocol/signature.ts";

export type OrderChecks = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  /** Issuer keys that a member's word is taken by, the present one first. */
  readonly issuersOf: (member: MemberId) => readonly Uint8Array[];
  readonly isTreasury: (member: MemberId, owner: Owner) => boolean;
  readonly clock: () => number;
};

/**
 * @param text the order in base64url.
 * @throws Refusal `malformed`, `unsupported-version`; `unknown-member`; `bad-signature`; `unknown-recipient` if it
 *   is to pay somebody else than the member's treasury; `expired`.
 */
export function checkOffered(text: string, checks: OrderChecks): SignedPaymentOrder {
  const { networkId, verifier, issuersOf, isTreasury, clock } = checks;
  const order = decodePaymentOrder(decodeBase64Url(text));
  const issuers = issuersOf(order.member);
  if (issuers.length === 0) {
    throw new Refusal("unknown-member", `member ${order.member} is not known here`);
  }
  const isSigned = issuers.some((issuer) => isSignedBy(networkId, order, issuer, verifier));
  if (!isSigned) {
    throw new Refusal("bad-signature", `the order is not signed by member ${order.member}`);
  }
  if (!isTreasury(order.member, order.payee)) {
    throw new Refusal("unknown-recipient", "the order pays no treasury of its member");
  }
  if (clock() >= order.notAfter) throw new Refusal("expired", "the order was to be paid before");
  return order;
}

function isSignedBy(
  networkId: Uint8Array,
  order: SignedPaymentOrder,
  issuer: Uint8Array,
  verifier: Verifier,
): boolean {
  try {
    checkPaymentOrder(networkId, order, issuer, verifier);
    return true;
  } catch (error) {
    if (!isRefusal(error, "bad-signature")) throw error;
    return false;
  }
}
