/**
 * How far a device may go offline, here and now: what its certificate says, by the factors of the emergency
 * profile where one is in force. Payer and payee both reckon by it, each for the place where it is.
 *
 * A limit that is off stays off, and a depth of 0 stays 0: what only signs never spends what it received.
 * No profile lets a device hold more than its member guarantees.
 */
import type { Certificate } from "../protocol/certificate.ts";
import { isForPlace, type LimitFactors } from "../protocol/emergency-profile.ts";
import type { Amount } from "../protocol/money.ts";
import type { Knowledge } from "./trust.ts";

export type OfflineLimits = {
  /** A payment is below it; absent where there is no limit. */
  readonly maxPayment: Amount | undefined;
  /** Payments in a window are below it; absent where there is no limit. */
  readonly maxCount: number | undefined;
  /** Seconds of signed time. */
  readonly windowS: number;
  readonly maxBalance: Amount;
  readonly maxDepth: number;
};

const asCertified: LimitFactors = { payment: 100, count: 100, balance: 100, depth: 100 };

export function offlineLimits(known: Knowledge, certificate: Certificate): OfflineLimits {
  const { maxPayment, maxCount, windowS, maxBalance, maxDepth, member } = certificate;
  const { payment, count, balance, depth } = factorsOf(known);
  const guarantee = known.trust?.members.find((row) => row.member === member)?.guarantee;
  const mayHold = share(maxBalance, balance);
  return {
    maxPayment: maxPayment === 0n ? undefined : share(maxPayment, payment),
    maxCount: maxCount === 0 ? undefined : Math.floor((maxCount * count) / 100),
    windowS,
    maxBalance: guarantee !== undefined && guarantee < mayHold ? guarantee : mayHold,
    maxDepth: Math.floor((maxDepth * depth) / 100),
  };
}

function factorsOf({ emergency, place, now }: Knowledge): LimitFactors {
  if (emergency === undefined || !isForPlace(emergency, place)) return asCertified;
  const isInForce = now >= emergency.notBefore && now < emergency.notAfter;
  return isInForce ? emergency.factors : asCertified;
}

function share(amount: Amount, percent: number): Amount {
  return (amount * BigInt(percent)) / 100n;
}
