/**
 * Big-endian bytes, read and written strictly. A reader knows the field and offset it stands at, so
 * that each refusal can name them; nothing is read past the end and nothing may be left over.
 */
import { encodeHex } from "#hex";
import { decodeHex, decodeHexInto } from "./hex.ts";
import { Refusal } from "./refusal.ts";

/** Lower-case hexadecimal with 0x: the form of ids and hashes outside codecs and hot loops. */
export type Hex = `0x${string}`;

const U64_MAX = 2n ** 64n - 1n;

/** What is often absent needs no view of its own: a view takes a hundred bytes, and whoever waits keeps it. */
const NOTHING = new Uint8Array();

/** Keeps a byte order mark: text that lost its first bytes would be encoded as other bytes. */
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.bytes.length - this.#offset;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#take(2, field));
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(4, field));
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field));
  }

  u128(field: string): bigint {
    const high = this.u64(field);
    return (high << 64n) | this.u64(field);
  }

  /** Two's complement. */
  i128(field: string): bigint {
    return BigInt.asIntN(128, this.u128(field));
  }

  /** A u64 that is a count or a time: refused from 2^53 on. */
  safe(field: string): number {
    const at = this.#take(8, field);
    const high = this.#view.getUint32(at);
    if (high >= 0x20_0000) throw malformed(`${field} is 2^53 or more`, field, at);
    return high * 0x1_0000_0000 + this.#view.getUint32(at + 4);
  }

  /** A view of the next `length` bytes, not a copy. */
  take(length: number, field: string): Uint8Array {
    const at = this.#take(length, field);
    return length === 0 ? NOTHING : this.bytes.subarray(at, at + length);
  }

  /** A view of what was read since the offset `start`, not a copy. */
  since(start: number): Uint8Array {
    const isWhole = start === 0 && this.#offset === this.bytes.length;
    return isWhole ? this.bytes : this.bytes.subarray(start, this.#offset);
  }

  /** Bytes after a u8 length of at most `max`. */
  short(max: number, field: string): Uint8Array {
    const at = this.#offset;
    const length = this.u8(field);
    if (length > max) throw malformed(`${field} has ${length} bytes, at most ${max}`, field, at);
    return this.take(length, field);
  }

  /** Bytes after a u16 length of at most `max`. */
  long(max: number, field: string): Uint8Array {
    const at = this.#offset;
    const length = this.u16(field);
    if (length > max) throw malformed(`${field} has ${length} bytes, at most ${max}`, field, at);
    return this.take(length, field);
  }

  /** Bytes after a u32 length of at most `max`. */
  wide(max: number, field: string): Uint8Array {
    const at = this.#offset;
    const length = this.u32(field);
    if (length > max) throw malformed(`${field} has ${length} bytes, at most ${max}`, field, at);
    return this.take(length, field);
  }

  /** Text of UTF-8 after a u8 length of at most `max` bytes. */
  text(max: number, field: string): string {
    const at = this.#offset;
    return utf8.decode(this.short(max, field), field, at);
  }

  /** How many of something follow, in 1, 2 or 4 bytes. */
  count(width: 1 | 2 | 4, min: number, max: number, field: string): number {
    const at = this.#offset;
    const count = width === 1 ? this.u8(field) : width === 2 ? this.u16(field) : this.u32(field);
    if (count < min || count > max) {
      throw malformed(`${field} counts ${count}, from ${min} to ${max} belong`, field, at);
    }
    return count;
  }

  /** Refuses the field that starts `back` bytes before the place the reader stands at. */
  refuse(detail: string, field: string, back = 0): Refusal {
    return malformed(detail, field, this.#offset - back);
  }

  /** To be called last: what was decoded must be all there is. */
  end(structure: string): void {
    if (this.remaining !== 0) {
      throw malformed(
        `${structure} has ${this.remaining} bytes left over`,
        structure,
        this.#offset,
      );
    }
  }

  #take(length: number, field: string): number {
    const at = this.#offset;
    if (at + length > this.bytes.length) {
      throw malformed(
        `${field} needs ${length} bytes, ${this.bytes.length - at} are left`,
        field,
        at,
      );
    }
    this.#offset = at + length;
    return at;
  }
}

export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  /** @param room how many bytes will be written, exactly if it is known; or bytes, to be written over from the first on. */
  constructor(room: number | Uint8Array = 256) {
    this.#bytes = typeof room === "number" ? new Uint8Array(room) : room;
  }

  u8(value: number): this {
    return this.#integer(value, 1, 0xff);
  }

  u16(value: number): this {
    return this.#integer(value, 2, 0xffff);
  }

  u32(value: number): this {
    return this.#integer(value, 4, 0xffff_ffff);
  }

  u64(value: bigint): this {
    if (value < 0n || value > U64_MAX) throw new RangeError(`${value} is no u64`);
    const at = this.#grow(8);
    this.#word(at, Number(value >> 32n));
    this.#word(at + 4, Number(value & 0xffff_ffffn));
    return this;
  }

  u128(value: bigint): this {
    return this.u64(value >> 64n).u64(BigInt.asUintN(64, value));
  }

  /** Two's complement. */
  i128(value: bigint): this {
    if (BigInt.asIntN(128, value) !== value) throw new RangeError(`${value} is no i128`);
    return this.u128(BigInt.asUintN(128, value));
  }

  /** A count or a time as u64. */
  safe(value: number): this {
    checkInteger(value, Number.MAX_SAFE_INTEGER);
    const at = this.#grow(8);
    this.#word(at, Math.floor(value / 0x1_0000_0000));
    this.#word(at + 4, value % 0x1_0000_0000);
    return this;
  }

  put(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Bytes of a length that the format fixes. */
  fixed(bytes: Uint8Array, length: number): this {
    if (bytes.length !== length)
      throw new RangeError(`${bytes.length} bytes where ${length} belong`);
    return this.put(bytes);
  }

  /** As `fixed` of what `fromHex` gives, without bytes in between. */
  hex(text: Hex, length: number): this {
    const at = this.#grow(length);
    const end = at + length;
    if (text.startsWith("0x") && decodeHexInto(this.#bytes, at, text, 2, end)) return this;
    return this.fixed(fromHex(text), length);
  }

  short(bytes: Uint8Array): this {
    return this.u8(bytes.length).put(bytes);
  }

  long(bytes: Uint8Array): this {
    return this.u16(bytes.length).put(bytes);
  }

  wide(bytes: Uint8Array): this {
    return this.u32(bytes.length).put(bytes);
  }

  /** What has been written, as bytes of their own: what is written afterwards does not change them. */
  done(): Uint8Array {
    // Where they are full, the next write begins others.
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length);
  }

  #integer(value: number, length: number, max: number): this {
    checkInteger(value, max);
    const at = this.#grow(length);
    for (let i = at + length - 1, rest = value; i >= at; i--, rest >>>= 8) this.#bytes[i] = rest;
    return this;
  }

  #word(at: number, value: number): void {
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }

  /** Makes room, and says where it begins. */
  #grow(length: number): number {
    const at = this.#length;
    this.#length = at + length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }
}

function checkInteger(value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${value} is no integer from 0 to ${max}`);
  }
}

export function toHex(bytes: Uint8Array): Hex {
  return encodeHex(bytes) as Hex;
}

/** @throws Refusal `malformed` unless `text` is 0x and lower-case digits, of `length` bytes if given. */
export function fromHex(text: string, length?: number, field = "hex"): Uint8Array {
  const bytes = text.startsWith("0x") ? decodeHex(text, 2) : undefined;
  if (bytes === undefined) {
    throw new Refusal("malformed", `${field} is not 0x and pairs of lower-case hexadecimal digits`);
  }
  if (length !== undefined && bytes.length !== length) {
    throw new Refusal("malformed", `${field} has ${bytes.length} bytes, not ${length}`);
  }
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Order as unsigned bytes: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

export const utf8 = {
  encode: (text: string): Uint8Array => new TextEncoder().encode(text),
  /** @throws Refusal `malformed` on bytes that are not UTF-8, naming the offset of the field. */
  decode(bytes: Uint8Array, field: string, offset = 0): string {
    try {
      return strictUtf8.decode(bytes);
    } catch {
      throw malformed(`${field} is not UTF-8`, field, offset);
    }
  },
};

function malformed(detail: string, field: string, offset: number): Refusal {
  return new Refusal("malformed", detail, { field, offset });
}
