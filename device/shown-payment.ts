/** One payment of the device's, shown to somebody else in that one's words, and nothing of any other. */
import { compareBytes, type Hex } from "../protocol/bytes.ts";
import { decodeCertificate } from "../protocol/certificate.ts";
import { Refusal } from "../protocol/refusal.ts";
import { type SignedShowing, signShowing } from "../protocol/showing.ts";
import { type Holder, knowledgeOf } from "./holder.ts";
import type { Draft } from "./purse-tables.ts";

/**
 * Signs for a payment that the device remembers; what it never took part in it does not sign for. The
 * certificates of parties that have a label go with it.
 * @throws Refusal `not-found`, `malformed` for words that are none or too long.
 */
export async function showPayment(
  holder: Holder,
  draft: Draft,
  id: Hex,
  words: string,
): Promise<SignedShowing> {
  const past = draft.get("history", id);
  if (past === undefined)
    throw new Refusal("not-found", `the device remembers no payment by record ${id}`);
  const own = draft.get("certificates", holder.key);
  const other = past.counterparty?.certificate;
  const certificates = [own, other && decodeCertificate(other)]
    .flatMap((each) => (each === undefined || each.label === "" ? [] : [each]))
    .toSorted((a, b) => compareBytes(a.deviceKey, b.deviceKey));
  const time = knowledgeOf(holder, draft).now;
  return await signShowing(holder.networkId, { id, time, words, certificates }, holder.signer);
}
