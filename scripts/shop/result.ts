/**
 * A result, as a bank tells it to a merchant. It counts if the bank's key has signed it, and for this merchant: the
 * same key signs what others are told, and one of them may have an order of the same number and pass its own result on.
 */
import { decodeBase64Url } from "../../protocol/base64url.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { message } from "../../protocol/message.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Verifier } from "../../protocol/signature.ts";
import type { MerchantApi } from "../../gateway/merchant-api.ts";

/** As the bank has it, whether asked or telling. */
export type Order = MerchantApi["GET /v1/orders/{number}"]["reply"];

export type Result = Order & {
  readonly result: string;
  /** The address that it was told to. */
  readonly to: string;
};

export type ResultChecks = {
  readonly networkId: Uint8Array;
  /** The bank's public key. */
  readonly issuer: Uint8Array;
  readonly verifier: Verifier;
  /** Where this merchant is told results, in the words it was registered with. */
  readonly to: string;
};

/**
 * @param signature base64url, from the header `tallystick-signature`.
 * @throws Refusal `bad-signature`; `not-for-us` for another's result; `malformed`.
 */
export function checkResult(
  body: Uint8Array,
  signature: string,
  { networkId, issuer, verifier, to }: ResultChecks,
): Result {
  const signed = message("result", networkId, body);
  if (!verifier.verify(issuer, signed, decodeBase64Url(signature)))
    throw new Refusal("bad-signature", "the bank's key has not signed the result");
  const result = JSON.parse(utf8.decode(body, "result")) as Result;
  if (result.to !== to) throw new Refusal("not-for-us", `the result is for ${result.to}`);
  return result;
}
