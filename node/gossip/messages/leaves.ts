/**
 * "Give me these leaves of this batch." The answer is a page: the first of them, in order, as many as fit;
 * whoever wants the rest asks again. What the other side does not have is marked by a length of zero.
 *
 *     question  batch root 32 ‖ leaf hash × (1 to 4,096)
 *     answer    count u16 | (length u32 | leaf) × count
 */
import { fromHex, type Hex, Reader, toHex, Writer } from "../../../protocol/bytes.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { limits } from "../../../protocol/limits.ts";
import { HASH_LENGTH } from "../../../protocol/merkle.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import type { RequestKind } from "../request-kind.ts";

/** In the order asked for, each checked against its hash; undefined for those the other does not have. */
export type LeavesPage = readonly (Uint8Array | undefined)[];

export type LeavesQuestion = {
  /** Of the batch that names them: whoever holds it finds them by it. */
  readonly root: Hex;
  readonly hashes: readonly Hex[];
};

export const leaves: RequestKind<LeavesQuestion, LeavesPage> = {
  questionBytesMax: HASH_LENGTH * (1 + limits.batchLeavesMax),
  answerBytesMax: limits.pageBytesMax,
  timeoutMs: 10_000,
  inFlightMax: limits.pagesInFlightMax,

  encodeQuestion({ root, hashes }) {
    const writer = new Writer(HASH_LENGTH * (1 + hashes.length));
    writer.fixed(fromHex(root), HASH_LENGTH);
    for (const hash of hashes) writer.fixed(fromHex(hash), HASH_LENGTH);
    return writer.done();
  },

  decodeQuestion(bytes) {
    const reader = new Reader(bytes);
    const count = bytes.length / HASH_LENGTH - 1;
    if (count < 1 || count > limits.batchLeavesMax || !Number.isInteger(count)) {
      throw reader.refuse(`${bytes.length} bytes are no root and 1 to 4,096 hashes`, "hashes");
    }
    const hash = (field: string) => toHex(reader.take(HASH_LENGTH, field));
    const root = hash("root");
    return { root, hashes: Array.from({ length: count }, (_, i) => hash(`hashes[${i}]`)) };
  },

  /** Of what is given, as much as fits a page. */
  encodeAnswer(found) {
    const page: Uint8Array[] = [];
    let length = 2;
    for (const leaf of found) {
      const bytes = leaf ?? new Uint8Array();
      length += 4 + bytes.length;
      if (length > limits.pageBytesMax) break;
      page.push(bytes);
    }
    const writer = new Writer(Math.min(length, limits.pageBytesMax)).u16(page.length);
    for (const bytes of page) writer.u32(bytes.length).put(bytes);
    return writer.done();
  },

  decodeAnswer(bytes, { hashes }) {
    const reader = new Reader(bytes);
    const count = reader.count(2, 1, hashes.length, "count");
    const page = hashes.slice(0, count).map((hash, i) => readLeaf(reader, hash, `leaves[${i}]`));
    reader.end("answer");
    return page;
  },
};

function readLeaf(reader: Reader, hash: Hex, field: string): Uint8Array | undefined {
  // A copy: one kept leaf must not keep the page.
  const leaf = reader.wide(limits.leafBytesMax, field).slice();
  if (leaf.length === 0) return undefined;
  if (leafHash(leaf) !== hash) throw new Refusal("bad-proof", `${field} is not the leaf ${hash}`);
  return leaf;
}
