/**
 * The layout of the index on one screen. Numbers are big-endian, so that keys ascend as what they count.
 *
 *     c                                   → the last event that is indexed
 *     o ‖ owner 20 ‖ seq u64 ‖ place u32  → roles u8 ‖ id 32: what the owner signed, or was paid or enrolled by
 *     b ‖ batch root 32 ‖ seq u64         → nothing: where a batch was sequenced
 *     p ‖ restitution id 32               → seq u64 ‖ outpoint 33 ‖ losing record 32
 *     f ‖ cycle u64 ‖ from u16 ‖ to u16   → amount u128 ‖ records u64: what records moved between custodians
 *
 * `place` is the leaf's in its batch, 0 for an event without leaves.
 */
import { concat, fromHex, type Hex, Reader, toHex, utf8, Writer } from "../../protocol/bytes.ts";
import { type Owner, OWNER_LENGTH } from "../../protocol/key.ts";
import { type MemberId, type Outpoint, readOutpoint } from "../../protocol/output.ts";

/** What a leaf or an event was to an owner: bits. */
export const roles = { signed: 1, paid: 2, enrolled: 4 } as const;

/** Where a leaf stands on the log. */
export type LogPlace = { readonly seq: number; readonly place: number };

export type OwnerRow = LogPlace & { readonly id: Hex; readonly roles: number };

/** A coin that was paid once more, for the record that had lost it. */
export type RestitutionRow = {
  readonly seq: number;
  readonly outpoint: Outpoint;
  readonly loser: Hex;
};

/** What the records of a cycle moved from coins of one custodian to coins of another. */
export type Flow = {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly amount: bigint;
  readonly records: number;
};

const [c, o, b, p, f] = ["c", "o", "b", "p", "f"].map(utf8.encode) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

export const keys = {
  cursor: c,
  owner: (owner: Owner, { seq, place }: LogPlace) =>
    new Writer(33).put(o).fixed(fromHex(owner), OWNER_LENGTH).safe(seq).u32(place).done(),
  batch: (root: Hex, seq: number) => concat(b, fromHex(root, 32), u64(seq)),
  restitution: (id: Hex) => concat(p, fromHex(id, 32)),
  flow: (cycle: number, from: MemberId, to: MemberId) =>
    new Writer(13).put(f).safe(cycle).u16(from).u16(to).done(),
} as const;

/** Keys from the first up to but without the second. */
export const ranges = {
  /** Those before a place, or all. */
  owner: (owner: Owner, before?: LogPlace) => ({
    gte: concat(o, fromHex(owner, OWNER_LENGTH)),
    lt:
      before === undefined
        ? concat(o, fromHex(owner, OWNER_LENGTH), LAST)
        : keys.owner(owner, before),
  }),
  batch: (root: Hex) => ({
    gte: concat(b, fromHex(root, 32)),
    lt: concat(b, fromHex(root, 32), LAST),
  }),
  flows: (cycle: number) => ({ gte: concat(f, u64(cycle)), lt: concat(f, u64(cycle + 1)) }),
} as const;

export function encodeOwnerRow(id: Hex, held: number): Uint8Array {
  return new Writer(33).u8(held).fixed(fromHex(id), 32).done();
}

export function decodeOwnerRow(key: Uint8Array, value: Uint8Array): OwnerRow {
  const place = new Reader(key.subarray(1 + OWNER_LENGTH));
  const row = new Reader(value);
  return {
    seq: place.safe("seq"),
    place: place.u32("place"),
    roles: row.u8("roles"),
    id: toHex(row.take(32, "id")),
  };
}

/** The event of a batch's row, by its key. */
export function seqOfBatch(key: Uint8Array): number {
  return new Reader(key.subarray(33)).safe("seq");
}

export function encodeRestitution({ seq, outpoint, loser }: RestitutionRow): Uint8Array {
  return concat(u64(seq), fromHex(outpoint), fromHex(loser));
}

export function decodeRestitution(bytes: Uint8Array): RestitutionRow {
  const reader = new Reader(bytes);
  const seq = reader.safe("seq");
  const outpoint = readOutpoint(reader, "outpoint");
  return { seq, outpoint, loser: toHex(reader.take(32, "loser")) };
}

export function encodeFlow({ amount, records }: Omit<Flow, "from" | "to">): Uint8Array {
  return new Writer(24).u128(amount).safe(records).done();
}

export function decodeFlow(key: Uint8Array, value: Uint8Array): Flow {
  const names = new Reader(key.subarray(9));
  const row = new Reader(value);
  return {
    from: names.u16("from"),
    to: names.u16("to"),
    amount: row.u128("amount"),
    records: row.safe("records"),
  };
}

export function encodeSeq(seq: number): Uint8Array {
  return u64(seq);
}

export function decodeSeq(bytes: Uint8Array): number {
  return new Reader(bytes).safe("seq");
}

/** Above every key that goes on from a prefix. */
const LAST = new Uint8Array(13).fill(0xff);

function u64(value: number): Uint8Array {
  return new Writer(8).safe(value).done();
}
