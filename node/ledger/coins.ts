/**
 * The coins and the enrolled owners, in memory. A coin's row names its owner by the number of the
 * owner's row, so that twenty bytes are kept once however many coins an owner has; the coins of an owner
 * are linked from row to row, so that they are found without a search. How many an owner has and their sum
 * stand in its row, so that what a merchant with a million coins holds is said without a walk over them.
 */
import assert from "node:assert";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { decodeHexInto } from "../../protocol/hex.ts";
import { type Owner, OWNER_LENGTH } from "../../protocol/key.ts";
import {
  type Lock,
  type MemberId,
  type Outpoint,
  OUTPOINT_LENGTH,
  type Output,
} from "../../protocol/output.ts";
import { ByteTable } from "./byte-table.ts";

/** Where the fields of a coin's row stand. Links are row numbers plus one, zero where there is none. */
const coinField = {
  lock: 33,
  custodian: 34,
  amount: 36,
  owner: 44,
  next: 48,
  previous: 52,
} as const;
const COIN_LENGTH = 56;
/**
 * Of an owner's row: the member it is enrolled with (zero if none), its first coin, how many it has, and their
 * sum in 96 bits: there are fewer than 2^32 coins, each of less than 2^64.
 */
const ownerField = { member: 20, firstCoin: 22, coins: 26, sum: 30 } as const;
const OWNER_ROW_LENGTH = 42;

/** Where the fields of an encoded output stand (protocol/output.ts). */
const encodedField = { owner: 1, custodian: 21 } as const;
const ENCODED_LENGTH = 31;

/** What a coin adds to its custodian's accounts. */
export type Holding = { readonly custodian: MemberId; readonly amount: bigint };

/** All that an owner holds. */
export type Balance = { readonly coins: number; readonly amount: bigint };

export type Stretch = {
  readonly coins: readonly (readonly [Outpoint, Output])[];
  readonly next: number | undefined;
};

export class Coins {
  readonly #coins: ByteTable;
  readonly #owners: ByteTable;
  readonly #outpoint = new Uint8Array(OUTPOINT_LENGTH);
  readonly #owner = new Uint8Array(OWNER_LENGTH);

  constructor(seed: number) {
    this.#coins = new ByteTable(OUTPOINT_LENGTH, COIN_LENGTH, seed);
    this.#owners = new ByteTable(OWNER_LENGTH, OWNER_ROW_LENGTH, seed);
  }

  /** How many coins are unspent. */
  get size(): number {
    return this.#coins.size;
  }

  get sizeBytes(): number {
    return this.#coins.sizeBytes + this.#owners.sizeBytes;
  }

  get(outpoint: Outpoint): Output | undefined {
    const number = this.#coins.find(fill(this.#outpoint, outpoint));
    return number < 0 ? undefined : this.#output(number);
  }

  has(outpoint: Outpoint): boolean {
    return this.#coins.find(fill(this.#outpoint, outpoint)) >= 0;
  }

  /** A coin that stands is not added again: it would be money from nowhere. */
  add(outpoint: Outpoint, { lock, owner, custodian, amount }: Output): void {
    const number = this.#make(fill(this.#outpoint, outpoint));
    this.#coins.setU8(number, coinField.lock, lock);
    this.#coins.setU16(number, coinField.custodian, custodian);
    this.#coins.setU64(number, coinField.amount, amount);
    this.#link(number, fill(this.#owner, owner));
  }

  /**
   * As `add`, with the outpoint and the output as they are encoded.
   * @returns the output's fields that count in the accounts.
   */
  addEncoded(outpoint: Uint8Array, output: Uint8Array): Holding {
    const number = this.#make(outpoint);
    const coin = this.#coins.row(number);
    coin[coinField.lock] = output[0]!;
    coin.set(output.subarray(encodedField.custodian, ENCODED_LENGTH), coinField.custodian);
    this.#link(number, output.subarray(encodedField.owner, encodedField.custodian));
    return this.#holding(number);
  }

  /** Whether exactly this coin stands, outpoint and output as they are encoded. */
  holdsEncoded(outpoint: Uint8Array, output: Uint8Array): boolean {
    const number = this.#coins.find(outpoint);
    if (number < 0 || output.length !== ENCODED_LENGTH) return false;
    const coin = this.#coins.row(number);
    const owner = this.#owners.row(coin.readUInt32BE(coinField.owner));
    return (
      coin[coinField.lock] === output[0] &&
      coin.compare(
        output,
        encodedField.custodian,
        ENCODED_LENGTH,
        coinField.custodian,
        coinField.owner,
      ) === 0 &&
      owner.compare(output, encodedField.owner, encodedField.custodian, 0, OWNER_LENGTH) === 0
    );
  }

  delete(outpoint: Outpoint): void {
    this.#delete(fill(this.#outpoint, outpoint));
  }

  /** @returns what the coin held; `undefined` if there was none. */
  deleteEncoded(outpoint: Uint8Array): Holding | undefined {
    const number = this.#delete(outpoint);
    // What a row held stays where it was until another takes its place.
    return number < 0 ? undefined : this.#holding(number);
  }

  /** The coins of an owner, the last added first. */
  *of(owner: Owner): Generator<readonly [Outpoint, Output]> {
    const number = this.#owners.find(fill(this.#owner, owner));
    let link = number < 0 ? 0 : this.#owners.u32(number, ownerField.firstCoin);
    while (link !== 0) {
      const coin = link - 1;
      link = this.#coins.u32(coin, coinField.next);
      yield this.#named(coin);
    }
  }

  /** However many coins that is, at the cost of one search. */
  balanceOf(owner: Owner): Balance {
    const number = this.#owners.find(fill(this.#owner, owner));
    if (number < 0) return { coins: 0, amount: 0n };
    const high = BigInt(this.#owners.u32(number, ownerField.sum));
    const amount = (high << 64n) | this.#owners.u64(number, ownerField.sum + 4);
    return { coins: this.#owners.u32(number, ownerField.coins), amount };
  }

  /**
   * A stretch of a walk over all coins, for those of one lock and custodian. A coin that stands as long as the walk
   * takes is met by it, whatever becomes of others between two stretches.
   * @param from 0 for the first stretch. @param rows how many coins to look at. @param most how many to find.
   * @returns `next`, from which the next stretch goes, while there is one.
   */
  stretch(from: number, lock: Lock, custodian: MemberId, rows: number, most: number): Stretch {
    const { bound } = this.#coins;
    const end = Math.min(from + rows, bound);
    const coins: (readonly [Outpoint, Output])[] = [];
    let number = from;
    for (; number < end && coins.length < most; number++) {
      const isMeant =
        this.#coins.u8(number, coinField.lock) === lock &&
        this.#coins.u16(number, coinField.custodian) === custodian;
      // A row that is free still has what it held.
      if (isMeant && this.#coins.find(this.#outpointOf(number)) === number) {
        coins.push(this.#named(number));
      }
    }
    return { coins, next: number < bound ? number : undefined };
  }

  /** The member with which an owner is enrolled. */
  custodianOf(owner: Owner): MemberId | undefined {
    const number = this.#owners.find(fill(this.#owner, owner));
    return number < 0 ? undefined : this.#enrolledWith(number);
  }

  enrol(owner: Owner, member: MemberId): void {
    const number = this.#owners.add(fill(this.#owner, owner));
    this.#owners.setU16(number, ownerField.member, member);
  }

  /** All coins, in no order. */
  *coins(): Generator<readonly [Outpoint, Output]> {
    for (const number of this.#coins.numbers()) yield this.#named(number);
  }

  /** All enrolled owners, in no order. */
  *enrolled(): Generator<readonly [Owner, MemberId]> {
    for (const number of this.#owners.numbers()) {
      const member = this.#enrolledWith(number);
      if (member !== undefined) yield [this.#ownerOf(number), member];
    }
  }

  /** Coins and owners as they lie in memory (see `ByteTable.image`). */
  image(): Uint8Array[] {
    return [...this.#coins.image(), ...this.#owners.image()];
  }

  /** Becomes what `parts` are the image of. @throws Error if they are no image of coins and owners. */
  restore(parts: Iterator<Uint8Array, undefined>): void {
    this.#coins.restore(parts);
    this.#owners.restore(parts);
  }

  /** The number of a new row. */
  #make(outpoint: Uint8Array): number {
    const before = this.#coins.size;
    const number = this.#coins.add(outpoint);
    assert(this.#coins.size > before, "a coin stands already");
    return number;
  }

  /** @returns the number that the row had; -1 if there was none. */
  #delete(outpoint: Uint8Array): number {
    const number = this.#coins.find(outpoint);
    if (number < 0) return number;
    const owner = this.#coins.u32(number, coinField.owner);
    const next = this.#coins.u32(number, coinField.next);
    const previous = this.#coins.u32(number, coinField.previous);
    this.#count(owner, number, -1);
    if (next !== 0) this.#coins.setU32(next - 1, coinField.previous, previous);
    if (previous !== 0) this.#coins.setU32(previous - 1, coinField.next, next);
    else this.#setFirstCoin(owner, next);
    this.#coins.delete(outpoint);
    return number;
  }

  /** Puts a coin before the others of its owner. */
  #link(number: number, ownerKey: Uint8Array): void {
    const owner = this.#owners.add(ownerKey);
    const second = this.#owners.u32(owner, ownerField.firstCoin);
    this.#coins.setU32(number, coinField.owner, owner);
    this.#coins.setU32(number, coinField.next, second);
    this.#owners.setU32(owner, ownerField.firstCoin, number + 1);
    if (second !== 0) this.#coins.setU32(second - 1, coinField.previous, number + 1);
    this.#count(owner, number, 1);
  }

  /** A coin comes to an owner's balance or leaves it: words of 32 bits, since a BigInt costs more than all of them. */
  #count(owner: number, coin: number, sign: 1 | -1): void {
    const held = this.#owners.u32(owner, ownerField.coins);
    this.#owners.setU32(owner, ownerField.coins, held + sign);
    let carry = 0;
    for (const at of [8, 4, 0]) {
      const addend = at === 0 ? 0 : this.#coins.u32(coin, coinField.amount + at - 4);
      const sum = this.#owners.u32(owner, ownerField.sum + at) + sign * addend + carry;
      carry = Math.floor(sum / 2 ** 32);
      this.#owners.setU32(owner, ownerField.sum + at, sum);
    }
  }

  countEnrolled(): number {
    let count = 0;
    for (const number of this.#owners.numbers()) {
      if (this.#enrolledWith(number) !== undefined) count++;
    }
    return count;
  }

  #named(number: number): readonly [Outpoint, Output] {
    return [toHex(this.#outpointOf(number)), this.#output(number)];
  }

  #outpointOf(number: number): Uint8Array {
    return this.#coins.row(number).subarray(0, OUTPOINT_LENGTH);
  }

  #output(number: number): Output {
    return {
      lock: this.#coins.u8(number, coinField.lock) as Lock,
      owner: this.#ownerOf(this.#coins.u32(number, coinField.owner)),
      ...this.#holding(number),
    };
  }

  #holding(number: number): Holding {
    return {
      custodian: this.#coins.u16(number, coinField.custodian),
      amount: this.#coins.u64(number, coinField.amount),
    };
  }

  #ownerOf(number: number): Owner {
    return toHex(this.#owners.row(number).subarray(0, OWNER_LENGTH));
  }

  #enrolledWith(number: number): MemberId | undefined {
    return this.#owners.u16(number, ownerField.member) || undefined;
  }

  /** An owner that is not enrolled and has no coin left is forgotten. */
  #setFirstCoin(owner: number, link: number): void {
    this.#owners.setU32(owner, ownerField.firstCoin, link);
    if (link === 0 && this.#enrolledWith(owner) === undefined) {
      this.#owners.delete(this.#owners.row(owner).subarray(0, OWNER_LENGTH));
    }
  }
}

/** Writes hexadecimal digits into bytes that are used again and again. */
function fill(into: Uint8Array, hex: Hex): Uint8Array {
  assert(decodeHexInto(into, 0, hex, 2), `${hex} has not ${into.length} bytes`);
  return into;
}
