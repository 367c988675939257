/**
 * "Do you sign this checkpoint?"
 *
 *     question  cycle u64 | digest 32
 *     answer    0                     not come to that event yet
 *               1 | signature 65      the same
 *               2 | digest 32         another
 */
import { fromHex, type Hex, Reader, toHex, Writer } from "../../../protocol/bytes.ts";
import { limits } from "../../../protocol/limits.ts";
import { VALIDATOR_SIGNATURE_LENGTH } from "../../../protocol/typed-data.ts";
import type { RequestKind } from "../request-kind.ts";

export type CheckpointQuestion = {
  readonly cycle: number;
  /** What validators sign of the asker's checkpoint. */
  readonly digest: Hex;
};

export type CheckpointAnswer =
  | { readonly kind: "none-yet" }
  | { readonly kind: "signed"; readonly signature: Uint8Array }
  /** The other came to another state: one of the two has a damaged store, or lies. */
  | { readonly kind: "other"; readonly digest: Hex };

const DIGEST_LENGTH = 32;

export const checkpoint: RequestKind<CheckpointQuestion, CheckpointAnswer> = {
  questionBytesMax: 8 + DIGEST_LENGTH,
  answerBytesMax: 1 + VALIDATOR_SIGNATURE_LENGTH,
  timeoutMs: 5_000,
  inFlightMax: limits.requestsInFlightMax,

  encodeQuestion({ cycle, digest }) {
    return new Writer(40).safe(cycle).fixed(fromHex(digest), DIGEST_LENGTH).done();
  },

  decodeQuestion(bytes) {
    const reader = new Reader(bytes);
    const cycle = reader.safe("cycle");
    const digest = toHex(reader.take(DIGEST_LENGTH, "digest"));
    reader.end("question");
    return { cycle, digest };
  },

  encodeAnswer(answer) {
    const writer = new Writer(66);
    switch (answer.kind) {
      case "none-yet":
        return writer.u8(0).done();
      case "signed":
        return writer.u8(1).fixed(answer.signature, VALIDATOR_SIGNATURE_LENGTH).done();
      case "other":
        return writer.u8(2).fixed(fromHex(answer.digest), DIGEST_LENGTH).done();
    }
  },

  decodeAnswer(bytes) {
    const reader = new Reader(bytes);
    const answer = readAnswer(reader);
    reader.end("answer");
    return answer;
  },
};

function readAnswer(reader: Reader): CheckpointAnswer {
  const kind = reader.u8("kind");
  switch (kind) {
    case 0:
      return { kind: "none-yet" };
    case 1: {
      const signature = reader.take(VALIDATOR_SIGNATURE_LENGTH, "signature").slice();
      return { kind: "signed", signature };
    }
    case 2:
      return { kind: "other", digest: toHex(reader.take(DIGEST_LENGTH, "digest")) };
    default:
      throw reader.refuse(`there is no kind ${kind}`, "kind", 1);
  }
}
