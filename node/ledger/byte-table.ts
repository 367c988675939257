/**
 * A hash table of fixed-size byte rows over typed arrays: millions of rows at their own size plus about
 * seven bytes, where a JavaScript Map costs five times as much and ends at 2^24. A row is key ‖ value
 * and keeps its number while it lives.
 *
 * Keys are hashes that strangers may grind, so the place of a row depends on a seed of this process.
 */

/** Rows in a block: blocks are added, never moved, so that growth copies only the index. */
const BLOCK_ROWS = 1 << 13;
const SLOTS_MIN = 1 << 10;
/** Share of slots in use at which the index doubles. */
const LOAD_MAX = 0.7;

export class ByteTable {
  readonly #keyLength: number;
  readonly #rowLength: number;
  readonly #seed: number;
  readonly #blocks: Buffer[] = [];
  /** Row number plus one by slot, zero where free. */
  #slots = new Uint32Array(SLOTS_MIN);
  readonly #free: number[] = [];
  #rows = 0;

  /**
   * @param keyLength bytes of the key, at least 8. @param rowLength bytes of key and value together.
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
    return this.#slots[this.#slot(key)]! - 1;
  }

  /** The row itself, key first: a view that is good until the row is deleted. */
  row(number: number): Buffer {
    const at = (number % BLOCK_ROWS) * this.#rowLength;
    return this.#blocks[Math.floor(number / BLOCK_ROWS)]!.subarray(at, at + this.#rowLength);
  }

  /** Finds the row of `key` or makes one with a value of zeros. */
  add(key: Uint8Array): number {
    const known = this.#slot(key);
    if (this.#slots[known] !== 0) return this.#slots[known]! - 1;
    const number = this.#free.pop() ?? this.#rows++;
    if (number === this.#blocks.length * BLOCK_ROWS) {
      this.#blocks.push(Buffer.alloc(BLOCK_ROWS * this.#rowLength));
    }
    const row = this.row(number);
    row.set(key);
    row.fill(0, this.#keyLength);
    this.#slots[known] = number + 1;
    if (this.size > this.#slots.length * LOAD_MAX) this.#grow();
    return number;
  }

  /** Whether there was such a row. */
  delete(key: Uint8Array): boolean {
    const slot = this.#slot(key);
    if (this.#slots[slot] === 0) return false;
    this.#free.push(this.#slots[slot]! - 1);
    this.#closeGap(slot);
    return true;
  }

  /** Numbers of all rows, in no order; the table must not change meanwhile. */
  *numbers(): Generator<number> {
    for (const occupant of this.#slots) if (occupant !== 0) yield occupant - 1;
  }

  /** The slot of `key`, or the free one where it would go. */
  #slot(key: Uint8Array): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(key, 0) & mask;
    for (;;) {
      const occupant = this.#slots[slot]!;
      if (occupant === 0 || this.#holds(occupant - 1, key)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #holds(number: number, key: Uint8Array): boolean {
    const block = this.#blocks[Math.floor(number / BLOCK_ROWS)]!;
    const at = (number % BLOCK_ROWS) * this.#rowLength;
    for (let i = 0; i < this.#keyLength; i++) if (block[at + i] !== key[i]) return false;
    return true;
  }

  /** Moves later rows of the same run back, so that probing finds no hole (Knuth, 6.4, algorithm R). */
  #closeGap(hole: number): void {
    const mask = this.#slots.length - 1;
    let gap = hole;
    for (let slot = (gap + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#home(this.#slots[slot]! - 1) & mask;
      const isReachable = ((slot - home) & mask) >= ((slot - gap) & mask);
      if (isReachable) {
        this.#slots[gap] = this.#slots[slot]!;
        gap = slot;
      }
    }
    this.#slots[gap] = 0;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    const mask = this.#slots.length - 1;
    for (const occupant of old) {
      if (occupant === 0) continue;
      let slot = this.#home(occupant - 1) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = occupant;
    }
  }

  #home(number: number): number {
    const block = this.#blocks[Math.floor(number / BLOCK_ROWS)]!;
    return this.#hash(block, (number % BLOCK_ROWS) * this.#rowLength);
  }

  /** Mixes the first eight bytes, the last one of the key and the seed. */
  #hash(bytes: Uint8Array, at: number): number {
    let hash = this.#seed;
    hash = Math.imul(hash ^ word(bytes, at), 0x85eb_ca6b);
    hash = Math.imul((hash ^ (hash >>> 15)) + word(bytes, at + 4), 0xc2b2_ae35);
    hash = Math.imul(hash ^ (hash >>> 13) ^ bytes[at + this.#keyLength - 1]!, 0x27d4_eb2f);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
