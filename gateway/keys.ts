/**
 * The layout of the gateway's store on one screen. The first byte of a key says what it is about; numbers
 * are big-endian, so that keys ascend as what they count. Values are JSON (row.ts) unless it is said.
 *
 *     a ‖ account                          → the account: its customer and when it was opened
 *     b ‖ book                             → the book's balance
 *     j ‖ number u64                       → a posting of the journal
 *     e ‖ account ‖ 00 ‖ number u64        → empty: the posting touches the account
 *     r ‖ reference                        → what was done under it, once
 *     l ‖ owner 20                         → what the ledger last said the device holds
 *
 *     c ‖ SHA-256 of a credential 32       → whose it is, until when, who used it
 *     d ‖ owner 20                         → the device
 *     x ‖ account ‖ 00 ‖ owner 20          → empty: the device is the account's
 *     n ‖ day u32 ‖ owner 20 ‖ nonce 16    → empty: the request was taken
 *     k ‖ owner 20                         → the report that the device is lost
 *     m ‖ owner 20 ‖ record id 32          → a reclaim of the device's coins
 *     s ‖ owner 20 ‖ conflict id 32        → a coin of the device's that two records name
 *
 *     u ‖ owner 20                         → the second factor of the device
 *     H ‖ owner 20 ‖ owner 20              → whether the first has what it is to keep of the second's
 *
 *     i ‖ number u64                       → leaves taken in together, as a list of leaves
 *     B ‖ own u8 ‖ time u64 ‖ nonce 8      → the same, by a process that stands by
 *     z                                    → which process is active
 *     g ‖ number u64                       → why a leaf was given up
 *     o ‖ owner 20 ‖ load id 16            → a load
 *     p ‖ record id 32                     → a spend of the vault's that is not final: the record
 *     q                                    → how many records the treasury key has signed
 *     v                                    → the member's revocation list, as it travels
 *     t ‖ version u32                      → a trust list, as it travels
 *     h ‖ parcel id 32                     → a parcel for another member, or its answer
 *     f                                    → the emergency profile, as it travels
 *     y ‖ day u32 ‖ SHA-256 32             → what the staff asked under a key of their own, and the answer
 *     w ‖ number u64                       → a cycle: its positions, when it closed and settled
 *
 *     L ‖ owner 20                         → a claim of the coin that is locked to a secret of this hash
 *     U ‖ SHA-256 of a code 32             → tries at the code's password
 *     Y ‖ request nonce 16                 → a claim that was asked of another member
 *     Z ‖ owner 20 ‖ outpoint 33           → a coin that waits for whoever shows its secret
 *
 *     T ‖ transfer                         → a transfer to a treasury
 *     M ‖ merchant                         → a merchant
 *     F ‖ SHA-256 of a certificate 32      → the merchant that shows it, as text
 *     O ‖ order nonce 16                   → an order of a merchant's
 *     N ‖ merchant ‖ 00 ‖ order number     → the order's nonce, 16 bytes
 *     D ‖ merchant ‖ 00 ‖ day u32 ‖ nonce  → empty: the order was paid, or something of it refunded, that day
 *     W ‖ receiver ‖ 00 ‖ number u64       → a notice that the receiver is to be told
 *     X ‖ number u64                       → a notice that was given up
 *     J ‖ receiver                         → since when the receiver hears nothing, and whether it is parked
 *     E ‖ subscription 16                  → who is told of which events
 *     A ‖ epoch u64                        → the key that makes authorization codes, 32 bytes
 *     S ‖ service                          → a customer's online payment service
 *     I ‖ SHA-256 of an identity 32        → the service that it leads to, as text
 *     V ‖ SHA-256 of an invitation 32      → who may open a service over the network, until when
 *     P ‖ payment 16                       → an online payment
 *     C ‖ order nonce 16                   → the payment that was authorized for the order, 16 bytes
 *     G ‖ service ‖ 00 ‖ day u32 ‖ payment → what was authorized that day
 *     R ‖ refund tag 14                    → the account that paid, to which refunds that bear it go
 */
import { concat, fromHex, type Hex, toHex, utf8, Writer } from "../protocol/bytes.ts";
import { type Owner, OWNER_LENGTH } from "../protocol/key.ts";
import type { Outpoint } from "../protocol/output.ts";

const prefix = (letter: string) => utf8.encode(letter);
const END = Uint8Array.of(0);

export const keys = {
  account: (account: string) => concat(prefix("a"), utf8.encode(account)),
  book: (book: string) => concat(prefix("b"), utf8.encode(book)),
  posting: (number: number) => concat(prefix("j"), u64(number)),
  accountPosting: (account: string, number: number) => concat(postingsOf(account), u64(number)),
  reference: (reference: string) => concat(prefix("r"), utf8.encode(reference)),
  level: (owner: Owner) => concat(prefix("l"), fromHex(owner)),

  credential: (hash: Uint8Array) => concat(prefix("c"), hash),
  device: (owner: Owner) => concat(prefix("d"), fromHex(owner)),
  accountDevice: (account: string, owner: Owner) => concat(devicesOf(account), fromHex(owner)),
  nonce: (day: number, owner: Owner, nonce: Uint8Array) =>
    concat(prefix("n"), u32(day), fromHex(owner), nonce),

  lostDevice: (owner: Owner) => concat(prefix("k"), fromHex(owner)),
  reclaim: (owner: Owner, id: Hex) => concat(prefix("m"), fromHex(owner), fromHex(id)),
  doubleSpend: (owner: Owner, id: Hex) => concat(prefix("s"), fromHex(owner), fromHex(id)),

  secondFactor: (owner: Owner) => concat(prefix("u"), fromHex(owner)),
  keptSecondFactor: (keeper: Owner, owner: Owner) =>
    concat(prefix("H"), fromHex(keeper), fromHex(owner)),

  intake: (number: number) => concat(prefix("i"), u64(number)),
  letter: (isOwn: boolean, time: number, nonce: Uint8Array) =>
    concat(lettersOf(isOwn), u64(time), nonce),
  active: prefix("z"),
  load: (owner: Owner, id: Uint8Array) => concat(prefix("o"), fromHex(owner), id),
  vaultSpend: (id: Hex) => concat(prefix("p"), fromHex(id)),
  vaultCounter: prefix("q"),
  revocationList: prefix("v"),
  trustList: (version: number) => concat(prefix("t"), u32(version)),
  emergencyProfile: prefix("f"),
  replay: (day: number, name: Uint8Array) => concat(prefix("y"), u32(day), name),
  parcel: (id: Hex) => concat(prefix("h"), fromHex(id)),
  cycle: (number: number) => concat(prefix("w"), u64(number)),

  reason: (number: number) => concat(prefix("g"), u64(number)),

  claim: (owner: Owner) => concat(prefix("L"), fromHex(owner)),
  unclaimed: (owner: Owner, outpoint: Outpoint) =>
    concat(prefix("Z"), fromHex(owner), fromHex(outpoint)),
  foreignClaim: (id: Hex) => concat(prefix("Y"), fromHex(id)),
  codeTries: (hash: Uint8Array) => concat(prefix("U"), hash),

  transfer: (id: string) => concat(prefix("T"), utf8.encode(id)),
  merchant: (merchant: string) => concat(prefix("M"), utf8.encode(merchant)),
  certificate: (fingerprint: Hex) => concat(prefix("F"), fromHex(fingerprint)),
  order: (nonce: Hex) => concat(prefix("O"), fromHex(nonce)),
  orderNumber: (merchant: string, number: string) =>
    concat(prefix("N"), utf8.encode(merchant), END, utf8.encode(number)),
  orderDay: (merchant: string, day: number, nonce: Hex) =>
    concat(prefix("D"), utf8.encode(merchant), END, u32(day), fromHex(nonce)),
  notice: (receiver: string, number: number) => concat(noticesTo(receiver), u64(number)),
  deadNotice: (number: number) => concat(prefix("X"), u64(number)),
  receiver: (receiver: string) => concat(prefix("J"), utf8.encode(receiver)),
  subscription: (id: Hex) => concat(prefix("E"), fromHex(id)),
  codeKey: (epoch: number) => concat(prefix("A"), u64(epoch)),
  invitation: (hash: Uint8Array) => concat(prefix("V"), hash),
  onlinePayment: (id: Hex) => concat(prefix("P"), fromHex(id)),
  orderClaim: (nonce: Hex) => concat(prefix("C"), fromHex(nonce)),
  spending: (service: string, day: number, payment: Hex) =>
    concat(prefix("G"), utf8.encode(service), END, u32(day), fromHex(payment)),
  refundTag: (tag: Uint8Array) => concat(prefix("R"), tag),
  onlineService: (id: string) => concat(prefix("S"), utf8.encode(id)),
  onlineIdentity: (hash: Uint8Array) => concat(prefix("I"), hash),
} as const;

/** Keys from the first up to but without the second. */
export const ranges = {
  accountsAfter: (account = "") => ({
    gte: concat(prefix("a"), utf8.encode(account), END),
    lt: after("a"),
  }),
  books: under("b"),
  postings: under("j"),
  /** Those with a number below `before`. */
  accountPostings: (account: string, before: number) => ({
    gte: postingsOf(account),
    lt: concat(postingsOf(account), u64(before)),
  }),
  devicesAfter: (owner: Owner = "0x") => ({
    gte: concat(prefix("d"), fromHex(owner), END),
    lt: after("d"),
  }),
  accountDevices: (account: string) => ({
    gte: devicesOf(account),
    lt: concat(prefix("x"), utf8.encode(account), Uint8Array.of(1)),
  }),
  /** Nonces of requests signed before that day. */
  noncesBefore: (day: number) => ({ gte: prefix("n"), lt: concat(prefix("n"), u32(day)) }),
  lostDevices: under("k"),
  reclaims: under("m"),
  doubleSpendsOf: (owner: Owner) => ({
    gte: concat(prefix("s"), fromHex(owner)),
    lt: concat(prefix("s"), fromHex(owner), new Uint8Array(33).fill(255)),
  }),
  keptSecondFactors: under("H"),
  secondFactorsKeptBy: (keeper: Owner) => ({
    gte: concat(prefix("H"), fromHex(keeper)),
    lt: concat(prefix("H"), fromHex(keeper), new Uint8Array(21).fill(255)),
  }),
  intake: under("i"),
  letters: (isOwn: boolean) => ({
    gte: lettersOf(isOwn),
    lt: concat(lettersOf(isOwn), new Uint8Array(17).fill(255)),
  }),
  reasons: under("g"),
  loads: under("o"),
  vaultSpends: under("p"),
  trustLists: under("t"),
  parcels: under("h"),
  codeTries: under("U"),
  foreignClaims: under("Y"),
  unclaimed: under("Z"),
  unclaimedOf: (owner: Owner) => ({
    gte: concat(prefix("Z"), fromHex(owner)),
    lt: concat(prefix("Z"), fromHex(owner), new Uint8Array(34).fill(255)),
  }),
  transfers: under("T"),
  merchants: under("M"),
  orders: under("O"),
  orderDays: under("D"),
  ordersOfDay: (merchant: string, day: number) => ({
    gte: concat(prefix("D"), utf8.encode(merchant), END, u32(day)),
    lt: concat(prefix("D"), utf8.encode(merchant), END, u32(day + 1)),
  }),
  notices: under("W"),
  noticesTo: (receiver: string) => ({
    gte: noticesTo(receiver),
    lt: concat(prefix("W"), utf8.encode(receiver), Uint8Array.of(1)),
  }),
  deadNotices: under("X"),
  deadNoticesAfter: (number: number) => ({
    gte: concat(prefix("X"), u64(number + 1)),
    lt: after("X"),
  }),
  receivers: under("J"),
  subscriptions: under("E"),
  replays: under("y"),
  replaysBefore: (day: number) => ({ gte: prefix("y"), lt: concat(prefix("y"), u32(day)) }),
  cyclesAfter: (number: number) => ({ gte: concat(prefix("w"), u64(number + 1)), lt: after("w") }),
  codeKeys: under("A"),
  onlinePayments: under("P"),
  spendingOfDay: (service: string, day: number) => ({
    gte: concat(prefix("G"), utf8.encode(service), END, u32(day)),
    lt: concat(prefix("G"), utf8.encode(service), END, u32(day + 1)),
  }),
} as const;

/** The number that ends a key. */
export function numberIn(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return Number(view.getBigUint64(key.length - 8));
}

/** Who keeps whose second factor, as a key says. */
export function keptSecondFactor(key: Uint8Array): { keeper: Owner; device: Owner } {
  const device = key.length - OWNER_LENGTH;
  return { keeper: toHex(key.subarray(1, device)), device: toHex(key.subarray(device)) };
}

function under(letter: string) {
  return { gte: prefix(letter), lt: after(letter) };
}

function after(letter: string): Uint8Array {
  return Uint8Array.of(letter.charCodeAt(0) + 1);
}

function lettersOf(isOwn: boolean): Uint8Array {
  return concat(prefix("B"), Uint8Array.of(isOwn ? 1 : 0));
}

function postingsOf(account: string): Uint8Array {
  return concat(prefix("e"), utf8.encode(account), END);
}

function noticesTo(receiver: string): Uint8Array {
  return concat(prefix("W"), utf8.encode(receiver), END);
}

function devicesOf(account: string): Uint8Array {
  return concat(prefix("x"), utf8.encode(account), END);
}

function u32(value: number): Uint8Array {
  return new Writer(4).u32(value).done();
}

function u64(value: number): Uint8Array {
  return new Writer(8).safe(value).done();
}
