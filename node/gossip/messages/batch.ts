/**
 * "Which leaves are in the batch with this root?"
 *
 *     question  root 32
 *     answer    batch, or nothing if the other does not have it
 */
import { type Batch, batchHeader, decodeBatch, encodeBatch } from "../../../protocol/batch.ts";
import { fromHex, type Hex, Reader, toHex } from "../../../protocol/bytes.ts";
import { limits } from "../../../protocol/limits.ts";
import { HASH_LENGTH } from "../../../protocol/merkle.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import type { RequestKind } from "../request-kind.ts";

/** The root proves the leaves of an answer, not its member and number: those come from the chain. */
export const batch: RequestKind<Hex, Batch | undefined> = {
  questionBytesMax: HASH_LENGTH,
  answerBytesMax: 14 + HASH_LENGTH * limits.batchLeavesMax,
  timeoutMs: 5_000,
  inFlightMax: limits.requestsInFlightMax,

  encodeQuestion(root) {
    return fromHex(root, HASH_LENGTH);
  },

  decodeQuestion(bytes) {
    const reader = new Reader(bytes);
    const root = toHex(reader.take(HASH_LENGTH, "root"));
    reader.end("question");
    return root;
  },

  encodeAnswer(found) {
    return found === undefined ? new Uint8Array() : encodeBatch(found);
  },

  decodeAnswer(bytes, root) {
    if (bytes.length === 0) return undefined;
    const found = decodeBatch(bytes);
    const { root: actual } = batchHeader(found);
    if (actual !== root) throw new Refusal("bad-proof", `a batch of root ${actual}, not ${root}`);
    return found;
  },
};
