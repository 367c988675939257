/**
 * How a value lies in the store: its bytes, then CRC-32 over key ‖ value (4 bytes), so that neither
 * can change, or be found under the other's name, unseen.
 */
import { crc32 } from "node:zlib";
import { Draft } from "../../protocol/draft.ts";
import { nativeBytes } from "./native-bytes.ts";

const CHECKSUM_LENGTH = 4;
/** Most rows fit: a second call would cost more than putting key and value together. */
const ROW_LENGTH = 512;
const draft = new Draft(ROW_LENGTH);
const row = nativeBytes(ROW_LENGTH);

export function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  return new Uint8Array(sealBriefly(key, value));
}

/** As `seal`, in memory that is used again: good until the next call. LevelDB copies what it is given. */
export function sealBriefly(key: Uint8Array, value: Uint8Array): Uint8Array {
  const end = key.length + value.length;
  const bytes = end + CHECKSUM_LENGTH > ROW_LENGTH ? nativeBytes(end + CHECKSUM_LENGTH) : row;
  bytes.set(key);
  bytes.set(value, key.length);
  const sum = crc32(bytes.subarray(0, end));
  bytes[end] = sum >>> 24;
  bytes[end + 1] = sum >>> 16;
  bytes[end + 2] = sum >>> 8;
  bytes[end + 3] = sum;
  return bytes.subarray(key.length, end + CHECKSUM_LENGTH);
}

/** The value as a view of `sealed`; `undefined` if the checksum does not hold. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const length = sealed.length - CHECKSUM_LENGTH;
  if (length < 0) return undefined;
  // A plain array: a Buffer's `slice` and `toString` are not what callers expect.
  const value = new Uint8Array(sealed.buffer, sealed.byteOffset, length);
  return checksum(key, value) === sealedChecksum(sealed) ? value : undefined;
}

/** The checksum that a sealed value carries. */
export function sealedChecksum(sealed: Uint8Array): number {
  const at = sealed.length - CHECKSUM_LENGTH;
  const low = (sealed[at + 1]! << 16) | (sealed[at + 2]! << 8) | sealed[at + 3]!;
  return sealed[at]! * 0x100_0000 + low;
}

export function checksum(key: Uint8Array, value: Uint8Array): number {
  return crc32(draft.join(key, value));
}
