/**
 * The request a device signs and sends to a gateway: who asks, whom, what, and as of which time. The
 * signature is by the device key over every byte before it, so that a request that any courier hands in
 * says the same and can be told from another's.
 *
 *     kind u8 | member u16 | deviceKey 33 | signedTime u64 | nonce 16 | payload length u32 + ask
 *     | signature 64 by the device key over message("request-gateway", all before)
 */
import { Reader, Writer } from "./bytes.ts";
import { type Ask, readAsk, writeAsk } from "./ask.ts";
import { requestKindOf, requestKinds } from "./gateway-messages.ts";
import { KEY_LENGTH, readKey } from "./key.ts";
import { limits } from "./limits.ts";
import { message } from "./message.ts";
import type { MemberId } from "./output.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";

export const REQUEST_NONCE_LENGTH = 16;

export type DeviceRequest = {
  /** The member whose gateway is asked. */
  readonly member: MemberId;
  readonly deviceKey: Uint8Array;
  /** Milliseconds: the latest time that the device has from its authority or its member, 0 if none. */
  readonly signedTime: number;
  /** 16 random bytes, fresh for each request; the reply names them. */
  readonly nonce: Uint8Array;
  readonly ask: Ask;
};

/** A request as it travels. Made by `decodeDeviceRequest` and `signDeviceRequest` alone. */
export type SignedDeviceRequest = DeviceRequest & {
  readonly signature: Uint8Array;
  /** The whole request, and its part that is signed. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
};

/** Signs with the device key. @throws Refusal if the fields break the format. */
export async function signDeviceRequest(
  networkId: Uint8Array,
  fields: Omit<DeviceRequest, "deviceKey">,
  device: Signer,
): Promise<SignedDeviceRequest> {
  const body = encodeBody({ ...fields, deviceKey: device.publicKey });
  const signature = await device.sign(message("request-gateway", networkId, body));
  return decodeDeviceRequest(
    new Writer(body.length + SIGNATURE_LENGTH).put(body).fixed(signature, SIGNATURE_LENGTH).done(),
  );
}

/** Whether the device key is one and signed this. @throws Refusal `malformed`, `bad-signature`. */
export function checkDeviceRequestSignature(
  networkId: Uint8Array,
  request: SignedDeviceRequest,
  verifier: Verifier,
): void {
  if (!verifier.isKey(request.deviceKey)) {
    throw new Refusal("malformed", "the device key is not on the curve P-256");
  }
  const signed = message("request-gateway", networkId, request.body);
  if (!verifier.verify(request.deviceKey, signed, request.signature)) {
    throw new Refusal("bad-signature", "the request is not signed by its device key");
  }
}

/**
 * Whether the request is of the gateway's present, give or take a day: its nonce is remembered for that long.
 * @param now the gateway's clock, in milliseconds.
 * @throws Refusal `stale-request`, `not-yet-valid`.
 */
export function checkDeviceRequestTime(request: DeviceRequest, now: number): void {
  if (request.signedTime < now - limits.requestLagMaxMs) {
    throw new Refusal("stale-request", "the request's signed time is over a day behind");
  }
  if (request.signedTime > now + limits.requestLagMaxMs) {
    throw new Refusal("not-yet-valid", "the request's signed time is over a day ahead");
  }
}

/** @throws Refusal `malformed` naming field and offset. Whether the key is on the curve is the verifier's to say. */
export function decodeDeviceRequest(bytes: Uint8Array): SignedDeviceRequest {
  const reader = new Reader(bytes);
  const number = reader.u8("kind");
  const kind = requestKindOf(number);
  if (kind === undefined) throw reader.refuse(`kind ${number} is no request`, "kind", 1);
  const member = reader.u16("member");
  const deviceKey = readKey(reader, "deviceKey");
  const signedTime = reader.safe("signedTime");
  const nonce = reader.take(REQUEST_NONCE_LENGTH, "nonce");
  const length = reader.u32("payload");
  if (length > limits.gatewayPayloadMax) {
    throw reader.refuse(`payload has ${length} bytes, too many`, "payload", 4);
  }
  const start = reader.offset;
  const ask = readAsk(reader, kind);
  if (reader.offset !== start + length) {
    const used = reader.offset - start;
    throw reader.refuse(
      `payload is said to have ${length} bytes, not ${used}`,
      "payload",
      used + 4,
    );
  }
  const body = bytes.subarray(0, reader.offset);
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  reader.end("request");
  return { member, deviceKey, signedTime, nonce, ask, signature, bytes, body };
}

function encodeBody(request: DeviceRequest): Uint8Array {
  const payload = new Writer();
  writeAsk(payload, request.ask);
  return new Writer()
    .u8(requestKinds[request.ask.kind])
    .u16(request.member)
    .fixed(request.deviceKey, KEY_LENGTH)
    .safe(request.signedTime)
    .fixed(request.nonce, REQUEST_NONCE_LENGTH)
    .wide(payload.done())
    .done();
}
