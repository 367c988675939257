/**
 * One message to an address that the bank has registered: JSON, under the issuer key's signature over
 * `message("result", networkId, body)`, in the header `tallystick-signature` as base64url.
 */
import { encodeBase64Url } from "../../protocol/base64url.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { message } from "../../protocol/message.ts";
import type { Signer } from "../../protocol/signature.ts";
import { checkTold } from "../web-address.ts";

export type PostParts = {
  readonly networkId: Uint8Array;
  readonly issuer: Signer;
  /** Whether plain http to this machine is let be. */
  readonly plainLoopback: boolean;
};

const TIMEOUT_MS = 10_000;

/** @throws Error unless the receiver has answered with success. */
export async function postSigned(
  { networkId, issuer, plainLoopback }: PostParts,
  url: string,
  what: object,
  signal: AbortSignal,
): Promise<void> {
  // It may have been registered while that was let be.
  checkTold(url, plainLoopback);
  const body = JSON.stringify(what);
  const signature = await issuer.sign(message("result", networkId, utf8.encode(body)));
  const answer = await fetch(url, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "tallystick-signature": encodeBase64Url(signature),
    },
    // An address was registered, not where it leads.
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the receiver answered ${answer.status}`);
}
