/**
 * The coins and the enrolled owners, in memory. A coin's row names its owner by the number of the
 * owner's row, so that twenty bytes are kept once however many coins an owner has.
 */
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

/** lock u8 | custodian u16 | amount u64 | owner's row u32 */
const COIN_LENGTH = 15;
/** member u16, zero if not enrolled | coins u32 */
const HOLDER_LENGTH = 6;

export class Coins {
  readonly #coins: ByteTable;
  readonly #owners: ByteTable;
  readonly #outpoint = new Uint8Array(OUTPOINT_LENGTH);
  readonly #owner = new Uint8Array(OWNER_LENGTH);

  constructor(seed: number) {
    this.#coins = new ByteTable(OUTPOINT_LENGTH, COIN_LENGTH, seed);
    this.#owners = new ByteTable(OWNER_LENGTH, HOLDER_LENGTH, seed);
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

  add(outpoint: Outpoint, output: Output): void {
    const owner = this.#owners.add(fill(this.#owner, output.owner));
    addCoins(view(this.#owners.value(owner)), 1);
    const coin = view(this.#coins.value(this.#coins.add(fill(this.#outpoint, outpoint))));
    coin.setUint8(0, output.lock);
    coin.setUint16(1, output.custodian);
    coin.setBigUint64(3, output.amount);
    coin.setUint32(11, owner);
  }

  delete(outpoint: Outpoint): void {
    const key = fill(this.#outpoint, outpoint);
    const number = this.#coins.find(key);
    if (number < 0) return;
    const owner = this.#owners.row(view(this.#coins.value(number)).getUint32(11));
    this.#coins.delete(key);
    const holder = view(owner.subarray(OWNER_LENGTH));
    if (addCoins(holder, -1) === 0 && holder.getUint16(0) === 0) {
      this.#owners.delete(owner.slice(0, OWNER_LENGTH));
    }
  }

  /** The member with which an owner is enrolled. */
  custodianOf(owner: Owner): MemberId | undefined {
    const number = this.#owners.find(fill(this.#owner, owner));
    return number < 0 ? undefined : view(this.#owners.value(number)).getUint16(0) || undefined;
  }

  enrol(owner: Owner, member: MemberId): void {
    const number = this.#owners.add(fill(this.#owner, owner));
    view(this.#owners.value(number)).setUint16(0, member);
  }

  /** All coins, in no order. */
  *coins(): Generator<readonly [Outpoint, Output]> {
    for (const number of this.#coins.numbers()) {
      const row = this.#coins.row(number);
      yield [toHex(row.subarray(0, OUTPOINT_LENGTH)), this.#read(row.subarray(OUTPOINT_LENGTH))];
    }
  }

  /** All enrolled owners, in no order. */
  *enrolled(): Generator<readonly [Owner, MemberId]> {
    for (const number of this.#owners.numbers()) {
      const row = this.#owners.row(number);
      const member = view(row.subarray(OWNER_LENGTH)).getUint16(0);
      if (member !== 0) yield [toHex(row.subarray(0, OWNER_LENGTH)), member];
    }
  }

  #read(value: Uint8Array): Output {
    const coin = view(value);
    return {
      lock: coin.getUint8(0) as Lock,
      owner: toHex(this.#owners.row(coin.getUint32(11)).subarray(0, OWNER_LENGTH)),
      custodian: coin.getUint16(1),
      amount: coin.getBigUint64(3),
    };
  }
}

function addCoins(holder: DataView, more: 1 | -1): number {
  const coins = holder.getUint32(2) + more;
  holder.setUint32(2, coins);
  return coins;
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
