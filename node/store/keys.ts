/**
 * The layout of the ledger's store on one screen. The first byte of a key says what it is about;
 * numbers are big-endian, so that keys ascend as what they count.
 *
 *     c                                    → where the fold stands: seq, place on the chain, accounts
 *     s ‖ bucket u16 ‖ state key           → state value: exactly what the state root covers
 *     a ‖ record or enrolment id 32        → where it applied: seq, cycle, leaf hash, index in its batch
 *     t ‖ outpoint 33                      → id of the record that took the coin
 *     d ‖ deposit id 32                    → the deposit, or the award, that made a coin
 *     n ‖ owner 20                         → id of the enrolment of that key
 *     o ‖ id 32 (leaf hash if it is none)  → why it did not apply, the last time it was sequenced
 *     q ‖ cycle u64 ‖ seq u64              → ids of the records that the event applied, in order
 *     e ‖ seq u64                          → the event as it was folded
 *     k ‖ cycle u64                        → the checkpoint this node worked out
 *
 * Only `s` is the ledger; the rest says where it stands and how it came to be, and is made anew by a replay.
 */
import assert from "node:assert/strict";
import { concat, type Hex, Reader, utf8, Writer } from "../../protocol/bytes.ts";
import { decodeHexInto } from "../../protocol/hex.ts";
import { OWNER_LENGTH } from "../../protocol/key.ts";
import { type Outpoint, OUTPOINT_LENGTH } from "../../protocol/output.ts";
import { bucketOf, stateKey } from "../../protocol/state-entry.ts";
import { nativeBytes } from "../service/native-bytes.ts";

const ID_LENGTH = 32;

const letter = (text: string) => utf8.encode(text);
const [c, s, a, t, d, n, o, q, e, k] = "c s a t d n o q e k".split(" ").map(letter) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

/** Before a state key: the letter and the bucket. */
const STATE_HEAD = 3;
const COIN = stateKey.coin("0x")[0]!;
const COIN_KEY_LENGTH = STATE_HEAD + 1 + OUTPOINT_LENGTH;

export const keys = {
  cursor: c,
  state(stateKey: Uint8Array): Uint8Array {
    const key = nativeBytes(STATE_HEAD + stateKey.length);
    key.set(stateKey, STATE_HEAD);
    return withBucket(key);
  },
  applied: (id: Hex) => named(a, id, ID_LENGTH),
  taken: (outpoint: Outpoint) => named(t, outpoint, OUTPOINT_LENGTH),
  deposit: (id: Hex) => named(d, id, ID_LENGTH),
  enrolment: (owner: Hex) => named(n, owner, OWNER_LENGTH),
  outcome: (id: Hex) => named(o, id, ID_LENGTH),
  order: (cycle: number, seq: number) => concat(q, u64(cycle), u64(seq)),
  event: (seq: number) => concat(e, u64(seq)),
  checkpoint: (cycle: number) => concat(k, u64(cycle)),
} as const;

/** As `keys.state` of the keys of these coins, by their numbers, in one piece of memory: there are four for each payment. */
export function coinKeysOf(outpoints: readonly Outpoint[]): (coin: number) => Uint8Array {
  const bytes = Buffer.allocUnsafe(outpoints.length * COIN_KEY_LENGTH);
  const keyOf = (coin: number) =>
    bytes.subarray(coin * COIN_KEY_LENGTH, (coin + 1) * COIN_KEY_LENGTH);
  for (const [i, outpoint] of outpoints.entries()) {
    const key = keyOf(i);
    key[STATE_HEAD] = COIN;
    putHex(key, STATE_HEAD + 1, outpoint);
    withBucket(key);
  }
  return keyOf;
}

/** The bucket of a state's row, by its key here. */
export function bucketOfKey(key: Uint8Array): number {
  return (key[1]! << 8) | key[2]!;
}

export function isStateKey(key: Uint8Array): boolean {
  return key[0] === s[0];
}

/** The state key of a row, by its key here. */
export function stateKeyOf(key: Uint8Array): Uint8Array {
  return key.subarray(STATE_HEAD);
}

/** The event of a row that holds what it applied, by its key. */
export function seqOfOrder(key: Uint8Array): number {
  return new Reader(key.subarray(9)).safe("seq");
}

/** Keys from the first up to but without the second. */
export const ranges = {
  state: { gte: s, lt: after(s) },
  buckets: (first: number, last: number) => ({
    gte: bucketPrefix(first),
    lt: bucketPrefix(last + 1),
  }),
  order: (cycle: number, from = 0) => ({
    gte: concat(q, u64(cycle), u64(from)),
    lt: concat(q, u64(cycle + 1)),
  }),
  events: (from: number) => ({ gte: keys.event(from), lt: after(e) }),
  checkpoints: { gte: k, lt: after(k) },
  checkpointsFrom: (cycle: number) => ({ gte: keys.checkpoint(cycle), lt: after(k) }),
} as const;

function withBucket(key: Uint8Array): Uint8Array {
  const bucket = bucketOf(key.subarray(STATE_HEAD));
  key[0] = s[0]!;
  key[1] = bucket >> 8;
  key[2] = bucket;
  return key;
}

function named(letter: Uint8Array, id: Hex, length: number): Uint8Array {
  const key = nativeBytes(1 + length);
  key[0] = letter[0]!;
  putHex(key, 1, id);
  return key;
}

function putHex(key: Uint8Array, at: number, hex: Hex): void {
  assert(decodeHexInto(key, at, hex, 2), `${hex} is no name of a row`);
}

function bucketPrefix(bucket: number): Uint8Array {
  return concat(s, new Writer(2).u16(bucket).done());
}

function after(prefix: Uint8Array): Uint8Array {
  return Uint8Array.of(prefix[0]! + 1);
}

function u64(value: number): Uint8Array {
  return new Writer(8).safe(value).done();
}
