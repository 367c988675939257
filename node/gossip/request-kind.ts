/**
 * A kind of question that one peer may ask another: its bytes, its bounds, its patience. All travel the
 * same way, each kind on a stream of its own, many at a time, answered in any order:
 *
 *     question  number u32 | body
 *     answer    number u32 | 0 | body
 *     refusal   number u32 | 1 | reason
 */
import { Reader, Writer } from "../../protocol/bytes.ts";
import { readReason, reasonOf, refusalOf, writeReason } from "../../protocol/reason.ts";
import type { Refusal } from "../../protocol/refusal.ts";

/** Decoders throw Refusal `malformed`, or `bad-proof` for what is no answer to this question. */
export type RequestKind<Question, Answer> = {
  /** Of the encoded question and answer, without their heads. */
  readonly questionBytesMax: number;
  readonly answerBytesMax: number;
  /** How long an answer may take, unless the asker says otherwise. */
  readonly timeoutMs: number;
  /** Questions that one peer may have open. */
  readonly inFlightMax: number;
  encodeQuestion(question: Question): Uint8Array;
  decodeQuestion(bytes: Uint8Array): Question;
  encodeAnswer(answer: Answer): Uint8Array;
  decodeAnswer(bytes: Uint8Array, question: Question): Answer;
};

/** Kinds by the name in their protocol. */
export type RequestKinds = Readonly<Record<string, RequestKind<unknown, unknown>>>;

export type QuestionOf<Kind> = Kind extends { decodeQuestion(bytes: Uint8Array): infer Question }
  ? Question
  : never;
export type AnswerOf<Kind> = Kind extends {
  decodeAnswer(bytes: Uint8Array, question: never): infer Answer;
}
  ? Answer
  : never;

/** What a head, or a reason, may add to a body. */
export const HEAD_MAX = 5 + 2 * 256;

export type Numbered<Body> = { readonly number: number; readonly body: Body };

export function encodeQuestion(number: number, body: Uint8Array): Uint8Array {
  return new Writer(4 + body.length).u32(number).put(body).done();
}

/** @throws Refusal `malformed`. */
export function decodeQuestion(bytes: Uint8Array): Numbered<Uint8Array> {
  const reader = new Reader(bytes);
  return { number: reader.u32("number"), body: reader.take(reader.remaining, "body") };
}

export function encodeAnswer(number: number, body: Uint8Array): Uint8Array {
  return new Writer(5 + body.length).u32(number).u8(0).put(body).done();
}

export function encodeRefusal(number: number, refusal: Refusal): Uint8Array {
  const writer = new Writer(HEAD_MAX).u32(number).u8(1);
  writeReason(writer, reasonOf(refusal));
  return writer.done();
}

/** The body of an answer, or the refusal that came instead. @throws Refusal `malformed`. */
export function decodeAnswer(bytes: Uint8Array): Numbered<Uint8Array | Refusal> {
  const reader = new Reader(bytes);
  const number = reader.u32("number");
  const outcome = reader.u8("outcome");
  if (outcome === 0) return { number, body: reader.take(reader.remaining, "body") };
  if (outcome !== 1) throw reader.refuse(`there is no outcome ${outcome}`, "outcome", 1);
  const reason = readReason(reader, "reason");
  reader.end("refusal");
  return { number, body: refusalOf(reason) };
}
