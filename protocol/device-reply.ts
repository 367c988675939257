/**
 * A gateway's reply to a device: the answer to what was asked, or a refusal with its reason.
 *
 *     kind u8 | nonce 16 | outcome u8: 0 answered, 1 refused | answer, or reason and lists
 *
 * Kind and nonce are the request's. The reply has no signature: what counts in it is signed by itself. A
 * refusal carries lists when the request was out of date: with them the device knows the time again.
 */
import {
  type Answer,
  readAnswer,
  readAnsweredLists,
  writeAnswer,
  writeAnsweredLists,
} from "./answer.ts";
import { equalBytes, Reader, Writer } from "./bytes.ts";
import type { CarriedList } from "./carried-lists.ts";
import { type DeviceRequest, REQUEST_NONCE_LENGTH } from "./device-request.ts";
import { type RequestKind, requestKindOf, requestKinds } from "./gateway-messages.ts";
import { limits } from "./limits.ts";
import { readReason, type Reason, writeReason } from "./reason.ts";
import { Refusal } from "./refusal.ts";

export type DeviceReply = { readonly nonce: Uint8Array } & (
  | { readonly outcome: "answered"; readonly answer: Answer }
  | {
      readonly outcome: "refused";
      readonly kind: RequestKind;
      readonly reason: Reason;
      readonly lists: readonly CarriedList[];
    }
);

const outcomes = ["answered", "refused"] as const;

export function encodeDeviceReply(reply: DeviceReply): Uint8Array {
  const kind = reply.outcome === "answered" ? reply.answer.kind : reply.kind;
  const writer = new Writer(1024)
    .u8(requestKinds[kind])
    .fixed(reply.nonce, REQUEST_NONCE_LENGTH)
    .u8(outcomes.indexOf(reply.outcome));
  if (reply.outcome === "answered") {
    writeAnswer(writer, reply.answer);
  } else {
    writeReason(writer, reply.reason);
    writeAnsweredLists(writer, reply.lists);
  }
  return writer.done();
}

/** @throws Refusal `too-large`; `malformed` naming field and offset. */
export function decodeDeviceReply(bytes: Uint8Array): DeviceReply {
  if (bytes.length > limits.gatewayAnswerMax) {
    throw new Refusal("too-large", `a reply has at most ${limits.gatewayAnswerMax} bytes`);
  }
  const reader = new Reader(bytes);
  const number = reader.u8("kind");
  const kind = requestKindOf(number);
  if (kind === undefined) throw reader.refuse(`kind ${number} is no request`, "kind", 1);
  const nonce = reader.take(REQUEST_NONCE_LENGTH, "nonce");
  const outcome = outcomes[reader.count(1, 0, outcomes.length - 1, "outcome")]!;
  const reply: DeviceReply =
    outcome === "answered"
      ? { nonce, outcome, answer: readAnswer(reader, kind) }
      : {
          nonce,
          outcome,
          kind,
          reason: readReason(reader, "reason"),
          lists: readAnsweredLists(reader),
        };
  reader.end("reply");
  return reply;
}

/** Whether a reply is to this request. @throws Refusal `not-for-us`. */
export function checkReplyTo(request: DeviceRequest, reply: DeviceReply): void {
  const kind = reply.outcome === "answered" ? reply.answer.kind : reply.kind;
  if (kind !== request.ask.kind || !equalBytes(reply.nonce, request.nonce)) {
    throw new Refusal("not-for-us", "the reply is to another request");
  }
}
