/**
 * "How far are you?" For people and dashboards; nothing is decided on the answer.
 *
 *     question  (empty)
 *     answer    seq u64 | block u64 | version length u8 + UTF-8
 */
import { Reader, utf8, Writer } from "../../../protocol/bytes.ts";
import { limits } from "../../../protocol/limits.ts";
import type { RequestKind } from "../request-kind.ts";

export type PeerStatus = {
  /** The last event it has folded. */
  readonly seq: number;
  /** The head of its chain. */
  readonly blockNumber: number;
  /** Of its software. */
  readonly version: string;
};

export const status: RequestKind<undefined, PeerStatus> = {
  questionBytesMax: 0,
  answerBytesMax: 17 + limits.softwareVersionMax,
  timeoutMs: 2_000,
  inFlightMax: limits.requestsInFlightMax,

  encodeQuestion() {
    return new Uint8Array();
  },

  decodeQuestion(bytes) {
    new Reader(bytes).end("question");
    return undefined;
  },

  encodeAnswer({ seq, blockNumber, version }) {
    return new Writer(64).safe(seq).safe(blockNumber).short(utf8.encode(version)).done();
  },

  decodeAnswer(bytes) {
    const reader = new Reader(bytes);
    const seq = reader.safe("seq");
    const blockNumber = reader.safe("blockNumber");
    const version = reader.text(limits.softwareVersionMax, "version");
    reader.end("answer");
    return { seq, blockNumber, version };
  },
};
