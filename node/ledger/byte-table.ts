/**
 * A hash table of fixed-size byte rows over typed arrays: millions of rows at their own size plus five
 * to six bytes, where a JavaScript Map costs five times as much and ends at 2^24. A row is key ‖ value
 * and keeps its number while it lives.
 *
 * The index is Robin Hood hashing: entries of a run stand in the order of their homes, and each knows how
 * far from home it is. So a search ends early, looks only into rows that share the key's home, and a
 * deletion moves the run back by one without looking into any. Keys are hashes that strangers may grind,
 * so homes depend on a seed of this process.
 */
import assert from "node:assert";

/** Rows in a block: blocks are added, never moved, so that growth copies only the index. */
const BLOCK_ROWS = 1 << 13;
const SLOTS_MIN = 1 << 10;
/** Share of slots in use at which the index grows, and by how much. */
const LOAD_MAX = 0.85;
const GROWTH = 1.2;
/** An entry of the index is row number plus one ‖ distance from home; zero is free. */
const DISTANCE_BITS = 6;
const DISTANCE_MAX = (1 << DISTANCE_BITS) - 1;
/** Below it, high and low words of 32 bits are together a safe integer. */
const SAFE_HIGH_MAX = 2 ** 21 - 1;
const ROWS_MAX = 2 ** (32 - DISTANCE_BITS) - 1;

export class ByteTable {
  readonly #keyLength: number;
  readonly #rowLength: number;
  #seed: number;
  #blocks: Buffer[] = [];
  #slots = new Uint32Array(SLOTS_MIN);
  #free: number[] = [];
  #rows = 0;

  /**
   * @param keyLength bytes of the key, at least 4. @param rowLength bytes of key and value together.
   * @param seed any 32-bit integer, unknown to strangers.
   */
  constructor(keyLength: number, rowLength: number, seed: number) {
    this.#keyLength = keyLength;
    this.#rowLength = rowLength;
    this.#seed = seed | 0;
  }

  get size(): number {
    return this.#rows - this.#free.length;
  }

  /** Bytes that blocks and index take. */
  get sizeBytes(): number {
    return this.#blocks.length * BLOCK_ROWS * this.#rowLength + this.#slots.byteLength;
  }

  /** The number of the row of `key`, or -1. */
  find(key: Uint8Array): number {
    const slot = this.#slotOf(key);
    return slot < 0 ? -1 : rowOf(this.#slots[slot]!);
  }

  /**
   * The row itself, key first: a view that is good until the row is deleted. Making one costs more than
   * looking at a field, which the methods below do without.
   */
  row(number: number): Buffer {
    const at = this.#offsetOf(number);
    return this.#blockOf(number).subarray(at, at + this.#rowLength);
  }

  /** The number at a byte of a row, big-endian. */
  u8(number: number, field: number): number {
    return this.#blockOf(number)[this.#offsetOf(number) + field]!;
  }

  u16(number: number, field: number): number {
    const block = this.#blockOf(number);
    const at = this.#offsetOf(number) + field;
    return (block[at]! << 8) | block[at + 1]!;
  }

  u32(number: number, field: number): number {
    return word(this.#blockOf(number), this.#offsetOf(number) + field) >>> 0;
  }

  u64(number: number, field: number): bigint {
    const high = this.u32(number, field);
    const low = this.u32(number, field + 4);
    // One BigInt where four would do no more.
    if (high <= SAFE_HIGH_MAX) return BigInt(high * 2 ** 32 + low);
    return (BigInt(high) << 32n) | BigInt(low);
  }

  setU8(number: number, field: number, value: number): void {
    this.#blockOf(number)[this.#offsetOf(number) + field] = value;
  }

  setU16(number: number, field: number, value: number): void {
    const block = this.#blockOf(number);
    const at = this.#offsetOf(number) + field;
    block[at] = value >>> 8;
    block[at + 1] = value;
  }

  setU32(number: number, field: number, value: number): void {
    const block = this.#blockOf(number);
    const at = this.#offsetOf(number) + field;
    block[at] = value >>> 24;
    block[at + 1] = value >>> 16;
    block[at + 2] = value >>> 8;
    block[at + 3] = value;
  }

  setU64(number: number, field: number, value: bigint): void {
    const isSafe = value <= Number.MAX_SAFE_INTEGER;
    this.setU32(number, field, isSafe ? Number(value) / 2 ** 32 : Number(value >> 32n));
    this.setU32(number, field + 4, Number(isSafe ? value : value & 0xffff_ffffn));
  }

  /** Finds the row of `key` or makes one with a value of zeros. */
  add(key: Uint8Array): number {
    const known = this.find(key);
    if (known >= 0) return known;
    if (this.size >= this.#slots.length * LOAD_MAX) this.#grow();
    const number = this.#free.pop() ?? this.#rows++;
    assert(number < ROWS_MAX, "the table is full");
    if (number === this.#blocks.length * BLOCK_ROWS) {
      this.#blocks.push(Buffer.alloc(BLOCK_ROWS * this.#rowLength));
    }
    const at = this.#offsetOf(number);
    const block = this.#blockOf(number);
    block.set(key, at);
    block.fill(0, at + this.#keyLength, at + this.#rowLength);
    if (!this.#place(number)) this.#grow();
    return number;
  }

  /** Whether there was such a row. */
  delete(key: Uint8Array): boolean {
    let slot = this.#slotOf(key);
    if (slot < 0) return false;
    this.#free.push(rowOf(this.#slots[slot]!));
    for (;;) {
      const next = this.#after(slot);
      const entry = this.#slots[next]!;
      if (distanceOf(entry) === 0) break;
      this.#slots[slot] = entry - 1;
      slot = next;
    }
    this.#slots[slot] = 0;
    return true;
  }

  /** Above the numbers of all rows there are and were. */
  get bound(): number {
    return this.#rows;
  }

  /** Numbers of all rows, in no order; the table must not change meanwhile. */
  *numbers(): Generator<number> {
    for (const entry of this.#slots) if (entry !== 0) yield rowOf(entry);
  }

  /**
   * The table as it lies in memory, for `restore` on this machine: it is to be written away before the
   * table changes. The index comes with it, so that no row has to be hashed again.
   */
  image(): Uint8Array[] {
    const counts = Uint32Array.of(this.#rows, this.#keyLength, this.#rowLength, this.#seed);
    return [counts, Uint32Array.from(this.#free), this.#slots, ...this.#blocks].map(bytesOf);
  }

  /**
   * Becomes the table of which `parts` are the image, and takes over their memory.
   * @throws Error if they do not begin with the image of a table like this one.
   */
  restore(parts: Iterator<Uint8Array, undefined>): void {
    const [rows, keyLength, rowLength, seed] = wordsOf(parts);
    const isOurs = keyLength === this.#keyLength && rowLength === this.#rowLength;
    if (!isOurs || rows === undefined || seed === undefined) {
      throw new Error("this is the image of another table");
    }
    this.#rows = rows;
    this.#seed = seed | 0;
    this.#free = [...wordsOf(parts)];
    this.#slots = wordsOf(parts);
    this.#blocks = Array.from({ length: Math.ceil(rows / BLOCK_ROWS) }, () => {
      const block = next(parts);
      if (block.length !== BLOCK_ROWS * rowLength) throw new Error("a block has another length");
      return Buffer.from(block.buffer, block.byteOffset, block.length);
    });
  }

  #blockOf(number: number): Buffer {
    return this.#blocks[Math.floor(number / BLOCK_ROWS)]!;
  }

  #offsetOf(number: number): number {
    return (number % BLOCK_ROWS) * this.#rowLength;
  }

  /** The slot of `key`, or -1. */
  #slotOf(key: Uint8Array): number {
    let slot = this.#home(key, 0);
    for (let distance = 0; ; distance++) {
      const entry = this.#slots[slot]!;
      if (entry === 0 || distanceOf(entry) < distance) return -1;
      if (distanceOf(entry) === distance && this.#holds(rowOf(entry), key)) return slot;
      slot = this.#after(slot);
    }
  }

  /** Enters a row into the index; whoever is nearer to home gives way. Not if one would be too far off. */
  #place(number: number): boolean {
    let slot = this.#home(this.#blockOf(number), this.#offsetOf(number));
    let entry = (number + 1) * (DISTANCE_MAX + 1);
    for (;;) {
      const occupant = this.#slots[slot]!;
      if (occupant === 0 || distanceOf(occupant) < distanceOf(entry)) {
        this.#slots[slot] = entry;
        if (occupant === 0) return true;
        entry = occupant;
      }
      if (distanceOf(entry) === DISTANCE_MAX) return false;
      entry++;
      slot = this.#after(slot);
    }
  }

  /** Makes a larger index from the rows, in their order: memory is read from end to end, not here and there. */
  #grow(): void {
    const free = new Set(this.#free);
    do this.#slots = new Uint32Array(Math.ceil(this.#slots.length * GROWTH));
    while (!this.#placeAll(free));
  }

  #placeAll(free: ReadonlySet<number>): boolean {
    for (let number = 0; number < this.#rows; number++) {
      if (!free.has(number) && !this.#place(number)) return false;
    }
    return true;
  }

  #holds(number: number, key: Uint8Array): boolean {
    const block = this.#blockOf(number);
    const at = this.#offsetOf(number);
    for (let i = 0; i < this.#keyLength; i++) if (block[at + i] !== key[i]) return false;
    return true;
  }

  #after(slot: number): number {
    return slot + 1 === this.#slots.length ? 0 : slot + 1;
  }

  /** The slot where the key at `at` would stand if it were alone: the seed and every byte decide. */
  #home(bytes: Uint8Array, at: number): number {
    const end = at + this.#keyLength;
    let hash = this.#seed;
    let i = at;
    for (; i + 4 <= end; i += 4) hash = mix(hash ^ word(bytes, i));
    for (; i < end; i++) hash = mix(hash ^ bytes[i]!);
    return Math.floor(((hash >>> 0) * this.#slots.length) / 2 ** 32);
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function mix(hash: number): number {
  const mixed = Math.imul(hash, 0x85eb_ca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2_ae35);
}

function rowOf(entry: number): number {
  return (entry >>> DISTANCE_BITS) - 1;
}

function distanceOf(entry: number): number {
  return entry & DISTANCE_MAX;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The next part of an image, as the numbers of this machine. */
function wordsOf(parts: Iterator<Uint8Array, undefined>): Uint32Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = next(parts);
  if (length % 4 !== 0) throw new Error("a part is no list of numbers");
  return new Uint32Array(buffer as ArrayBuffer, byteOffset, length / 4);
}

function next(parts: Iterator<Uint8Array, undefined>): Uint8Array {
  const { value } = parts.next();
  if (value === undefined) throw new Error("the image breaks off");
  return value;
}
