/** What a payment is for, as people read it. */
import type { Amount } from "../../../protocol/money.ts";
import { isPayingBack, parseReference, type PayingBack } from "../../../protocol/reference.ts";
import type { HistoryEntry } from "../../history.ts";
import type { Words } from "../words/en.ts";

/** @throws Refusal `malformed` for a stranger's text that only looks like one that devices act on. */
export function purposeOf(text: string, words: Words): string {
  const reference = parseReference(text);
  return isPayingBack(reference) ? words.purposes[reference.kind] : reference.text;
}

/** What of a payment can still come back to who paid: all of it bit by bit, or the change that was promised. */
export function owedBack({
  id,
  kind,
  state,
  amount,
  givenBack,
  reference: text,
}: HistoryEntry): { readonly back: PayingBack; readonly most: Amount } | undefined {
  const isGood = state === "waiting" || state === "accepted" || state === "settled";
  const reference = parseReference(text);
  if (kind !== "paid" || !isGood || isPayingBack(reference)) return undefined;
  if (reference.kind === "price" && givenBack === 0n && state !== "waiting") {
    return { back: { kind: "change", of: id }, most: amount - reference.price };
  }
  if (givenBack >= amount) return undefined;
  return { back: { kind: "refund", of: id }, most: amount - givenBack };
}
