/**
 * "Do you endorse this batch?" The question carries leaf hashes alone; whoever misses leaves fetches them.
 *
 *     question  seq u64 | batch
 *     answer    1 | signature 65                                          endorsed
 *               0 | reason | count u16 | leaf hash × count                refused, for these leaves
 */
import { type Batch, decodeBatch, encodeBatch } from "../../../protocol/batch.ts";
import { fromHex, type Hex, Reader, toHex, Writer } from "../../../protocol/bytes.ts";
import { limits } from "../../../protocol/limits.ts";
import { HASH_LENGTH } from "../../../protocol/merkle.ts";
import {
  type Reason,
  readReason,
  reasonOf,
  refusalOf,
  writeReason,
} from "../../../protocol/reason.ts";
import { VALIDATOR_SIGNATURE_LENGTH } from "../../../protocol/typed-data.ts";
import type { RequestKind } from "../request-kind.ts";

export type Proposal = {
  readonly batch: Batch;
  /** The event that the proposer has folded. */
  readonly seq: number;
};

export type ProposalAnswer =
  /** A validator's signature, 65 bytes; whose it is, the proposer checks. */
  | { readonly kind: "endorsed"; readonly signature: Uint8Array }
  /** `leaves` are those objected to, at most 64; none if it is about the batch as such. */
  | { readonly kind: "refused"; readonly reason: Reason; readonly leaves: readonly Hex[] };

export const propose: RequestKind<Proposal, ProposalAnswer> = {
  questionBytesMax: 8 + 14 + HASH_LENGTH * limits.batchLeavesMax,
  answerBytesMax: 1 + 2 * 256 + 2 + HASH_LENGTH * limits.objectionsMax,
  // An endorser may wait for the proposer's event, fetch the batch's bytes, check and store them.
  timeoutMs: 10_000,
  inFlightMax: limits.pagesInFlightMax,

  encodeQuestion({ batch, seq }) {
    const bytes = encodeBatch(batch);
    return new Writer(8 + bytes.length).safe(seq).put(bytes).done();
  },

  decodeQuestion(bytes) {
    const reader = new Reader(bytes);
    const seq = reader.safe("seq");
    return { seq, batch: decodeBatch(reader.take(reader.remaining, "batch")) };
  },

  encodeAnswer(answer) {
    const writer = new Writer();
    if (answer.kind === "endorsed") {
      return writer.u8(1).fixed(answer.signature, VALIDATOR_SIGNATURE_LENGTH).done();
    }
    const leaves = answer.leaves.slice(0, limits.objectionsMax);
    // As much of the text as there is room for.
    writeReason(writer.u8(0), reasonOf(refusalOf(answer.reason)));
    writer.u16(leaves.length);
    for (const leaf of leaves) writer.fixed(fromHex(leaf), HASH_LENGTH);
    return writer.done();
  },

  decodeAnswer(bytes) {
    const reader = new Reader(bytes);
    const kind = reader.u8("kind");
    if (kind > 1) throw reader.refuse(`there is no kind ${kind}`, "kind", 1);
    const answer = kind === 1 ? readEndorsement(reader) : readRefused(reader);
    reader.end("answer");
    return answer;
  },
};

function readEndorsement(reader: Reader): ProposalAnswer {
  return {
    kind: "endorsed",
    signature: reader.take(VALIDATOR_SIGNATURE_LENGTH, "signature").slice(),
  };
}

function readRefused(reader: Reader): ProposalAnswer {
  const reason = readReason(reader, "reason");
  const count = reader.count(2, 0, limits.objectionsMax, "count");
  const leaves: Hex[] = [];
  for (let i = 0; i < count; i++) leaves.push(toHex(reader.take(HASH_LENGTH, `leaves[${i}]`)));
  return { kind: "refused", reason, leaves };
}
