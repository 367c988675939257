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
const ownerField = { member: 20, firstCoin: 22, coins: 26, sumHigh: 30, sumLow: 34 } as const;
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
    return number < 0 ? undefined : this.#output(this.#coins.row(number));
  }

  has(outpoint: Outpoint): boolean {
    return this.#coins.find(fill(this.#outpoint, outpoint)) >= 0;
  }

  /** A coin that stands is not added again: it would be money from nowhere. */
  add(outpoint: Outpoint, { lock, owner, custodian, amount }: Output): void {
    const number = this.#make(fill(this.#outpoint, outpoint));
    const coin = this.#coins.row(number);
    coin[coinField.lock] = lock;
    coin.writeUInt16BE(custodian, coinField.custodian);
    coin.writeBigUInt64BE(amount, coinField.amount);
    this.#link(number, coin, fill(this.#owner, owner));
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
    this.#link(number, coin, output.subarray(encodedField.owner, encodedField.custodian));
    return holdingOf(coin);
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
    this.deleteEncoded(fill(this.#outpoint, outpoint));
  }

  /** @returns what the coin held; `undefined` if there was none. */
  deleteEncoded(outpoint: Uint8Array): Holding | undefined {
    const number = this.#coins.find(outpoint);
    if (number < 0) return undefined;
    const coin = this.#coins.row(number);
    const holding = holdingOf(coin);
    const owner = coin.readUInt32BE(coinField.owner);
    this.#addToBalance(owner, { coins: -1, amount: -holding.amount });
    const next = coin.readUInt32BE(coinField.next);
    const previous = coin.readUInt32BE(coinField.previous);
    if (next !== 0) this.#linked(next).writeUInt32BE(previous, coinField.previous);
    if (previous !== 0) this.#linked(previous).writeUInt32BE(next, coinField.next);
    else this.#setFirstCoin(owner, next);
    this.#coins.delete(outpoint);
    return holding;
  }

  /** The coins of an owner, the last added first. */
  *of(owner: Owner): Generator<readonly [Outpoint, Output]> {
    const number = this.#owners.find(fill(this.#owner, owner));
    let link = number < 0 ? 0 : this.#owners.row(number).readUInt32BE(ownerField.firstCoin);
    while (link !== 0) {
      const coin = this.#linked(link);
      link = coin.readUInt32BE(coinField.next);
      yield this.#named(coin);
    }
  }

  /** However many coins that is, at the cost of one search. */
  balanceOf(owner: Owner): Balance {
    const number = this.#owners.find(fill(this.#owner, owner));
    return number < 0 ? { coins: 0, amount: 0n } : balanceIn(this.#owners.row(number));
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
      const coin = this.#coins.row(number);
      const isMeant =
        coin[coinField.lock] === lock && coin.readUInt16BE(coinField.custodian) === custodian;
      // A row that is free still has what it held.
      if (isMeant && this.#coins.find(coin.subarray(0, OUTPOINT_LENGTH)) === number) {
        coins.push(this.#named(coin));
      }
    }
    return { coins, next: number < bound ? number : undefined };
  }

  /** The member with which an owner is enrolled. */
  custodianOf(owner: Owner): MemberId | undefined {
    const number = this.#owners.find(fill(this.#owner, owner));
    return number < 0 ? undefined : enrolledWith(this.#owners.row(number));
  }

  enrol(owner: Owner, member: MemberId): void {
    const number = this.#owners.add(fill(this.#owner, owner));
    this.#owners.row(number).writeUInt16BE(member, ownerField.member);
  }

  /** All coins, in no order. */
  *coins(): Generator<readonly [Outpoint, Output]> {
    for (const number of this.#coins.numbers()) yield this.#named(this.#coins.row(number));
  }

  /** All enrolled owners, in no order. */
  *enrolled(): Generator<readonly [Owner, MemberId]> {
    for (const number of this.#owners.numbers()) {
      const owner = this.#owners.row(number);
      const member = enrolledWith(owner);
      if (member !== undefined) yield [toHex(owner.subarray(0, OWNER_LENGTH)), member];
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

  /** Puts a coin before the others of its owner. */
  #link(number: number, coin: Buffer, ownerKey: Uint8Array): void {
    const ownerNumber = this.#owners.add(ownerKey);
    const owner = this.#owners.row(ownerNumber);
    const second = owner.readUInt32BE(ownerField.firstCoin);
    coin.writeUInt32BE(ownerNumber, coinField.owner);
    coin.writeUInt32BE(second, coinField.next);
    owner.writeUInt32BE(number + 1, ownerField.firstCoin);
    if (second !== 0) this.#linked(second).writeUInt32BE(number + 1, coinField.previous);
    this.#addToBalance(ownerNumber, { coins: 1, amount: holdingOf(coin).amount });
  }

  #addToBalance(ownerNumber: number, { coins, amount }: Balance): void {
    const owner = this.#owners.row(ownerNumber);
    const balance = balanceIn(owner);
    const sum = balance.amount + amount;
    owner.writeUInt32BE(balance.coins + coins, ownerField.coins);
    owner.writeUInt32BE(Number(sum >> 64n), ownerField.sumHigh);
    owner.writeBigUInt64BE(BigInt.asUintN(64, sum), ownerField.sumLow);
  }

  countEnrolled(): number {
    let count = 0;
    for (const number of this.#owners.numbers()) {
      if (enrolledWith(this.#owners.row(number)) !== undefined) count++;
    }
    return count;
  }

  #named(coin: Buffer): readonly [Outpoint, Output] {
    return [toHex(coin.subarray(0, OUTPOINT_LENGTH)), this.#output(coin)];
  }

  #output(coin: Buffer): Output {
    const owner = this.#owners.row(coin.readUInt32BE(coinField.owner));
    return {
      lock: coin.readUInt8(coinField.lock) as Lock,
      owner: toHex(owner.subarray(0, OWNER_LENGTH)),
      custodian: coin.readUInt16BE(coinField.custodian),
      amount: coin.readBigUInt64BE(coinField.amount),
    };
  }

  #linked(link: number): Buffer {
    return this.#coins.row(link - 1);
  }

  /** An owner that is not enrolled and has no coin left is forgotten. */
  #setFirstCoin(ownerNumber: number, link: number): void {
    const owner = this.#owners.row(ownerNumber);
    owner.writeUInt32BE(link, ownerField.firstCoin);
    if (link === 0 && enrolledWith(owner) === undefined) {
      this.#owners.delete(owner.subarray(0, OWNER_LENGTH));
    }
  }
}

function holdingOf(coin: Buffer): Holding {
  return {
    custodian: coin.readUInt16BE(coinField.custodian),
    amount: coin.readBigUInt64BE(coinField.amount),
  };
}

function balanceIn(owner: Buffer): Balance {
  const high = BigInt(owner.readUInt32BE(ownerField.sumHigh));
  return {
    coins: owner.readUInt32BE(ownerField.coins),
    amount: (high << 64n) | owner.readBigUInt64BE(ownerField.sumLow),
  };
}

function enrolledWith(owner: Buffer): MemberId | undefined {
  return owner.readUInt16BE(ownerField.member) || undefined;
}

/** Writes hexadecimal digits into bytes that are used again and again. */
function fill(into: Uint8Array, hex: Hex): Uint8Array {
  assert(decodeHexInto(into, 0, hex, 2), `${hex} has not ${into.length} bytes`);
  return into;
}
