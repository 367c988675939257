/**
 * The numbered table of what a device asks of a gateway, and the rules that all of it shares.
 *
 * A device sends a signed request (device-request.ts) that carries one ask (ask.ts); the gateway sends a
 * reply (device-reply.ts) that carries an answer of the same kind (answer.ts), or a refusal. The body of
 * `POST /v1/device` is the request as it is; a courier carries it in a parcel (parcel.ts).
 *
 * - **A reply is not signed.** What it makes a device believe is signed by itself: certificates, receipts,
 *   acknowledgements, statements, lists. The rest is for the person who reads it.
 * - **Asking again changes nothing.** An enrolment is one by its key, a load by the id the device gave it,
 *   a record by its id; so a device whose reply was lost asks again, with a fresh nonce. The same request
 *   a second time is refused as `stale-request`.
 * - **A claim pays whoever signs for it**: a device enrolled with any member, or a member's treasury key, of which
 *   the custodian knows by the ledger. So a bank asks another for a payee who stands at its counter. The record's
 *   nonce is that of the request that was first; the answer names it, for an asker who has asked before.
 * - **A device takes its bank's word on second factors before anything else.** While there is one that it has not
 *   said it keeps, what would let it go on is refused as `second-factor-waiting`: enrol, certify, load, receipts. So a
 *   purse that passes the word over has no certificate soon.
 * - **Time.** A gateway has no signature for time alone: the list of revocations of its member, issued
 *   anew with the present time, carries it. A request whose signedTime is over a day behind is refused as
 *   `stale-request` with the lists in the refusal; the device takes them and signs again. That is also how
 *   a device that knows no time yet, signedTime 0, begins.
 */
export const requestKinds = {
  /** The key and its consent, for the customer that a credential of the bank names → enrolment, then certificate. */
  enrol: 1,
  /** Nothing → a fresh certificate. Of the device's own member alone, like enrol, load, redeem and receipts. */
  certify: 2,
  /** An amount to be moved from the customer's account into the purse → pending, then receipts for its coins. */
  load: 3,
  /** A record that pays coins of the purse to the member's vault → acknowledgement; the account is credited when it applies. */
  redeem: 4,
  /** Leaves, parents first, made by any device of the network → acknowledgement. */
  submit: 5,
  /** Record ids → what became of each. */
  status: 6,
  /** Outpoints, or none for all the device has → receipts for those that are unspent and the member's to vouch for. */
  receipts: 7,
  /** The versions of the lists the device holds → newer ones, and the member's own in any case. */
  lists: 8,
  /** A code and its password → the record that pays what waits under them to whoever asks: a device, or a member's treasury. */
  claim: 9,
  /** A key made for the answer, and what the device keeps → what its bank has said since of second factors, sealed to the key. */
  "second-factors": 10,
} as const;

export type RequestKind = keyof typeof requestKinds;

const kindsByNumber = new Map<number, RequestKind>(
  Object.entries(requestKinds).map(([kind, number]) => [number, kind as RequestKind]),
);

export function requestKindOf(number: number): RequestKind | undefined {
  return kindsByNumber.get(number);
}
