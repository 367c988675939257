/**
 * The coins and the enrolled owners, in memory. A coin's row names its owner by the number of the
 * owner's row, so that twenty bytes are kept once however many coins an owner has; the coins of an owner
 * are linked from row to row, so that they are found without a search.
 */
import assert from "node:assert";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { type Owner, OWNER_LENGTH } from "../../protocol/key.ts";
import {
  type Lock,
  type MemberId,
  type Outpoint,
  OUTPOINT_LENGTH,
  type Output,
} from "../../protocol/output.ts";
import { ByteTable } from "./byte-table.ts";

/** Where the fields of a coin's value stand. Links are row numbers plus one, zero where there is none. */
const coinField = { lock: 0, custodian: 1, amount: 3, owner: 11, next: 15, previous: 19 } as const;
const COIN_LENGTH = 23;
/** Of an owner's value: the member it is enrolled with (zero if none) and its first coin. */
const ownerField = { member: 0, firstCoin: 2 } as const;
const OWNER_VALUE_LENGTH = 6;

export class Coins {
  readonly #coins: ByteTable;
  readonly #owners: ByteTable;
  readonly #outpoint = new Uint8Array(OUTPOINT_LENGTH);
  readonly #owner = new Uint8Array(OWNER_LENGTH);

  constructor(seed: number) {
    this.#coins = new ByteTable(OUTPOINT_LENGTH, COIN_LENGTH, seed);
    this.#owners = new ByteTable(OWNER_LENGTH, OWNER_VALUE_LENGTH, seed);
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
    return number < 0 ? undefined : this.#read(this.#coins.value(number));
  }

  /** A coin that stands is not added again: it would be money from nowhere. */
  add(outpoint: Outpoint, output: Output): void {
    const before = this.#coins.size;
    const number = this.#coins.add(fill(this.#outpoint, outpoint));
    assert(this.#coins.size > before, `coin ${outpoint} stands already`);
    const ownerNumber = this.#owners.add(fill(this.#owner, output.owner));
    const owner = view(this.#owners.value(ownerNumber));
    const second = owner.getUint32(ownerField.firstCoin);
    const coin = view(this.#coins.value(number));
    coin.setUint8(coinField.lock, output.lock);
    coin.setUint16(coinField.custodian, output.custodian);
    coin.setBigUint64(coinField.amount, output.amount);
    coin.setUint32(coinField.owner, ownerNumber);
    coin.setUint32(coinField.next, second);
    owner.setUint32(ownerField.firstCoin, number + 1);
    if (second !== 0) this.#link(second).setUint32(coinField.previous, number + 1);
  }

  delete(outpoint: Outpoint): void {
    const key = fill(this.#outpoint, outpoint);
    const number = this.#coins.find(key);
    if (number < 0) return;
    const coin = view(this.#coins.value(number));
    const ownerNumber = coin.getUint32(coinField.owner);
    const next = coin.getUint32(coinField.next);
    const previous = coin.getUint32(coinField.previous);
    this.#coins.delete(key);
    if (next !== 0) this.#link(next).setUint32(coinField.previous, previous);
    if (previous !== 0) this.#link(previous).setUint32(coinField.next, next);
    else this.#setFirstCoin(ownerNumber, next);
  }

  /** The coins of an owner, the latest first. */
  *of(owner: Owner): Generator<readonly [Outpoint, Output]> {
    const number = this.#owners.find(fill(this.#owner, owner));
    let link = number < 0 ? 0 : view(this.#owners.value(number)).getUint32(ownerField.firstCoin);
    while (link !== 0) {
      const row = this.#coins.row(link - 1);
      link = this.#link(link).getUint32(coinField.next);
      yield this.#coin(row);
    }
  }

  /** The member with which an owner is enrolled. */
  custodianOf(owner: Owner): MemberId | undefined {
    const number = this.#owners.find(fill(this.#owner, owner));
    return number < 0
      ? undefined
      : view(this.#owners.value(number)).getUint16(ownerField.member) || undefined;
  }

  enrol(owner: Owner, member: MemberId): void {
    const number = this.#owners.add(fill(this.#owner, owner));
    view(this.#owners.value(number)).setUint16(ownerField.member, member);
  }

  /** All coins, in no order. */
  *coins(): Generator<readonly [Outpoint, Output]> {
    for (const number of this.#coins.numbers()) yield this.#coin(this.#coins.row(number));
  }

  /** All enrolled owners, in no order. */
  *enrolled(): Generator<readonly [Owner, MemberId]> {
    for (const number of this.#owners.numbers()) {
      const row = this.#owners.row(number);
      const member = view(row.subarray(OWNER_LENGTH)).getUint16(ownerField.member);
      if (member !== 0) yield [toHex(row.subarray(0, OWNER_LENGTH)), member];
    }
  }

  #coin(row: Uint8Array): readonly [Outpoint, Output] {
    return [toHex(row.subarray(0, OUTPOINT_LENGTH)), this.#read(row.subarray(OUTPOINT_LENGTH))];
  }

  #read(value: Uint8Array): Output {
    const coin = view(value);
    const owner = this.#owners.row(coin.getUint32(coinField.owner));
    return {
      lock: coin.getUint8(coinField.lock) as Lock,
      owner: toHex(owner.subarray(0, OWNER_LENGTH)),
      custodian: coin.getUint16(coinField.custodian),
      amount: coin.getBigUint64(coinField.amount),
    };
  }

  #link(link: number): DataView {
    return view(this.#coins.value(link - 1));
  }

  /** An owner that is not enrolled and has no coin left is forgotten. */
  #setFirstCoin(ownerNumber: number, link: number): void {
    const row = this.#owners.row(ownerNumber);
    const owner = view(row.subarray(OWNER_LENGTH));
    owner.setUint32(ownerField.firstCoin, link);
    if (link === 0 && owner.getUint16(ownerField.member) === 0) {
      this.#owners.delete(row.slice(0, OWNER_LENGTH));
    }
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Writes hexadecimal digits into bytes that are used again and again. */
function fill(into: Uint8Array, hex: Hex): Uint8Array {
  for (let i = 0; i < into.length; i++) {
    into[i] = (digit(hex.charCodeAt(2 * i + 2)) << 4) | digit(hex.charCodeAt(2 * i + 3));
  }
  return into;
}

function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
