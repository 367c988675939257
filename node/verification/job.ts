/**
 * A batch of signatures on its way to a worker: one buffer for all, which changes hands without a copy.
 *
 *     (length of the rest u16 | name u8 | key 33 | signature 64 | body) × as many as there are
 */
import { Reader } from "../../protocol/bytes.ts";
import { KEY_LENGTH } from "../../protocol/key.ts";
import type { OwnSignature } from "../../protocol/own-signature.ts";
import { SIGNATURE_LENGTH } from "../../protocol/signature.ts";

const names = ["record", "consent"] as const satisfies OwnSignature["name"][];
const HEAD_LENGTH = 2 + 1 + KEY_LENGTH + SIGNATURE_LENGTH;

export function encodeJob(signatures: readonly OwnSignature[]): Uint8Array<ArrayBuffer> {
  const job = new Uint8Array(
    signatures.reduce((length, { body }) => length + HEAD_LENGTH + body.length, 0),
  );
  let at = 0;
  for (const { name, body, by, signature } of signatures) {
    const length = HEAD_LENGTH - 2 + body.length;
    job[at] = length >> 8;
    job[at + 1] = length;
    job[at + 2] = names.indexOf(name);
    job.set(by, at + 3);
    job.set(signature, at + 3 + KEY_LENGTH);
    job.set(body, at + HEAD_LENGTH);
    at += HEAD_LENGTH + body.length;
  }
  return job;
}

export function* signaturesIn(job: Uint8Array): Generator<OwnSignature> {
  const reader = new Reader(job);
  while (reader.remaining > 0) {
    const length = reader.u16("length");
    const name = names[reader.u8("name")]!;
    const by = reader.take(KEY_LENGTH, "key");
    const signature = reader.take(SIGNATURE_LENGTH, "signature");
    yield { name, by, signature, body: reader.take(length - HEAD_LENGTH + 2, "body") };
  }
}
