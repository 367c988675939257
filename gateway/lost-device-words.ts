/** What the bank tells a customer who has lost a device: what was done, what comes next, and when. */
import { type Amount, type Currency, formatAmount } from "../protocol/money.ts";
import type { LostDevice } from "./lost-devices.ts";

/** @param now in milliseconds. */
export function explainLostDevice(lost: LostDevice, currency: Currency, now: number): string[] {
  const money = (amount: Amount) => formatAmount(amount, currency);
  const { onDevice, reclaimed, proven, credited, contested, creditFrom, replacement } = lost;
  const waiting = reclaimed - proven - credited - contested;
  const sentences = [
    `The device was ${lost.isClosed ? "given up" : "reported lost"} on ${timeText(lost.reported)} and is blocked: the bank vouches for it no more, and whoever has heard of it takes no money from it.`,
    ...whenReclaimed(lost, money, now),
  ];
  if (reclaimed > 0n) sentences.push(`The bank has taken ${money(reclaimed)} back from it.`);
  if (proven > 0n) {
    sentences.push(
      `${money(proven)} of that had been spent before, or was part of a payment: payees have shown it since, and were paid. What they left as change is taken back again.`,
    );
  }
  if (waiting > 0n && creditFrom === undefined) {
    sentences.push(
      `${money(waiting)} waits for its cycle to settle; then the time begins in which payees may still come.`,
    );
  }
  if (waiting > 0n && creditFrom !== undefined) {
    sentences.push(
      creditFrom > now
        ? `${money(waiting)} comes to the account from ${timeText(creditFrom)} on, less what payees show by then to have been paid before the loss.`
        : `${money(waiting)} is about to come to the account, less what a payment names.`,
    );
  }
  if (contested > 0n) {
    sentences.push(
      `${money(contested)} of that is named by a payment for which nobody was paid: the bank looks at it.`,
    );
  }
  if (credited > 0n) sentences.push(`${money(credited)} is the customer's again.`);
  if (onDevice === 0n && reclaimed === 0n) sentences.push("Nothing is on the device.");
  if (replacement?.device !== undefined) {
    const loaded = replacement.loaded > 0n ? `, and holds ${money(replacement.loaded)} of it` : "";
    sentences.push(`Device ${replacement.device} takes its place${loaded}.`);
  }
  return sentences;
}

function whenReclaimed(
  { onDevice, reclaimableFrom }: LostDevice,
  money: (amount: Amount) => string,
  now: number,
): string[] {
  if (reclaimableFrom === undefined) return ["Its revocation is on the way to the chain."];
  if (onDevice === 0n) return [];
  return reclaimableFrom > now
    ? [
        `${money(onDevice)} is on it. What is left of that on ${timeText(reclaimableFrom)} is taken back: payments made before the loss may come in until then, and after.`,
      ]
    : [`${money(onDevice)} is on it, and is being taken back.`];
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
