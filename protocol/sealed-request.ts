/**
 * A device's request as couriers carry it: sealed by HPKE to the intake key of the member it is for, so
 * that who carries it learns nothing.
 *
 *     enc 65 | ciphertext
 */
import { concat, Reader, Writer } from "./bytes.ts";
import { decodeDeviceRequest, type SignedDeviceRequest } from "./device-request.ts";
import { ENC_LENGTH, makeSealingKey, open, seal, type SealingKey, TAG_LENGTH } from "./hpke.ts";
import { message } from "./message.ts";
import type { MemberId } from "./output.ts";
import type { Random } from "./random.ts";
import { Refusal } from "./refusal.ts";

const NO_AAD = new Uint8Array();

/** @param intakeKey the member's, from the registry: 33 bytes. */
export async function sealDeviceRequest(
  networkId: Uint8Array,
  request: SignedDeviceRequest,
  intakeKey: Uint8Array,
  random: Random,
): Promise<Uint8Array> {
  const info = intakeInfo(networkId, request.member);
  const sealed = await seal(intakeKey, request.bytes, info, NO_AAD, makeSealingKey(random));
  return concat(sealed.enc, sealed.ciphertext);
}

/** @throws Refusal `not-for-us` unless it was sealed to this key for this member; as the decoder otherwise. */
export async function openDeviceRequest(
  networkId: Uint8Array,
  member: MemberId,
  intake: SealingKey,
  bytes: Uint8Array,
): Promise<SignedDeviceRequest> {
  const reader = new Reader(bytes);
  const enc = reader.take(ENC_LENGTH, "enc");
  if (reader.remaining < TAG_LENGTH) {
    throw reader.refuse("the ciphertext is shorter than its tag", "ciphertext");
  }
  const ciphertext = reader.take(reader.remaining, "ciphertext");
  const info = intakeInfo(networkId, member);
  const request = decodeDeviceRequest(await open(intake, { enc, ciphertext }, info, NO_AAD));
  if (request.member !== member) {
    throw new Refusal("not-for-us", `the request is for member ${request.member}`);
  }
  return request;
}

function intakeInfo(networkId: Uint8Array, member: MemberId): Uint8Array {
  return message("intake", networkId, new Writer(2).u16(member).done());
}
