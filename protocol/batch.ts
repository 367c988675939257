/** The batch: hashes of leaves that one member puts forward, and the statement by which others endorse it. */
import { fromHex, type Hex, Reader, toHex, Writer } from "./bytes.ts";
import { limits } from "./limits.ts";
import { HASH_LENGTH, merkleRoot } from "./merkle.ts";
import type { MemberId } from "./output.ts";
import { type Domain, structHash, typedDigest, typeHash, word } from "./typed-data.ts";

export type Batch = {
  /** Who puts it forward. */
  readonly member: MemberId;
  /** That member's count of its batches, from 1. */
  readonly number: number;
  /** 1 to 4,096 leaf hashes, parents first. */
  readonly leaves: readonly Hex[];
};

/** What is endorsed and sequenced: the batch without its leaves. */
export type BatchHeader = {
  readonly member: MemberId;
  readonly number: number;
  readonly count: number;
  readonly root: Hex;
};

const batchType = typeHash("Batch(uint16 member,uint64 number,uint32 count,bytes32 root)");

export function batchHeader(batch: Batch): BatchHeader {
  const root = merkleRoot(batch.leaves.map((leaf) => fromHex(leaf, HASH_LENGTH)));
  return {
    member: batch.member,
    number: batch.number,
    count: batch.leaves.length,
    root: toHex(root),
  };
}

/** What an endorsement signs. */
export function batchDigest(domain: Domain, header: BatchHeader): Uint8Array {
  const { member, number, count, root } = header;
  return typedDigest(
    domain,
    structHash(batchType, word(member), word(number), word(count), fromHex(root, 32)),
  );
}

export function encodeBatch(batch: Batch): Uint8Array {
  const writer = new Writer(14 + HASH_LENGTH * batch.leaves.length);
  writer.u16(batch.member).safe(batch.number).u32(batch.leaves.length);
  for (const leaf of batch.leaves) writer.hex(leaf, HASH_LENGTH);
  return writer.done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeBatch(bytes: Uint8Array): Batch {
  const reader = new Reader(bytes);
  const member = reader.u16("member");
  const number = reader.safe("number");
  if (number === 0) throw reader.refuse("batches are counted from 1", "number", 8);
  const count = reader.u32("count");
  if (count === 0 || count > limits.batchLeavesMax) {
    throw reader.refuse(`${count} leaves, 1 to ${limits.batchLeavesMax} belong`, "count", 4);
  }
  const leaves: Hex[] = [];
  for (let i = 0; i < count; i++) leaves.push(toHex(reader.take(HASH_LENGTH, `leaves[${i}]`)));
  reader.end("batch");
  return { member, number, leaves };
}
