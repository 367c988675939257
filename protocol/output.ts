/** Outputs, and the outpoints that name them. A coin is an output that is unspent. */
import { concat, type Hex, type Reader, toHex, type Writer } from "./bytes.ts";
import { NOBODY, type Owner, OWNER_LENGTH } from "./key.ts";
import type { Amount } from "./money.ts";

export const OUTPUT_LENGTH = 31;
export const OUTPOINT_LENGTH = 33;

/** What opens a coin. */
export const lock = {
  /** A signature by the owner's key. */
  key: 0,
  /** A 32-byte secret whose SHA-256 begins with the owner. */
  claim: 1,
  /** Nothing: the amount leaves the ledger to the custodian's reserve. */
  burn: 2,
  /** The owner's key, for the one losing record that the coin was made for. Made only by the fold. */
  replacement: 3,
} as const;

export type Lock = (typeof lock)[keyof typeof lock];

/** A member's number, 1 to 65,535. */
export type MemberId = number;

export type Output = {
  readonly lock: Lock;
  readonly owner: Owner;
  readonly custodian: MemberId;
  readonly amount: Amount;
};

/** The 33 bytes of an outpoint, record id ‖ index, in hexadecimal: they name a coin and sort alike. */
export type Outpoint = Hex;

export function outpointOf(recordId: Uint8Array, index: number): Outpoint {
  return toHex(concat(recordId, Uint8Array.of(index)));
}

/** The same from an id in hexadecimal. */
export function joinOutpoint(recordId: Hex, index: number): Outpoint {
  return `${recordId}${index.toString(16).padStart(2, "0")}`;
}

/** The record that made the coin, and its place among that record's outputs. */
export function splitOutpoint(outpoint: Outpoint): { readonly id: Hex; readonly index: number } {
  return { id: outpoint.slice(0, 66) as Hex, index: Number.parseInt(outpoint.slice(66), 16) };
}

export function readOutpoint(reader: Reader, field: string): Outpoint {
  return toHex(reader.take(OUTPOINT_LENGTH, field));
}

export function writeOutpoint(writer: Writer, outpoint: Outpoint): void {
  writer.hex(outpoint, OUTPOINT_LENGTH);
}

/** Reads an output of any lock. Amounts are 1 to 2^64 − 1; the owner of a burn is zero. */
export function readOutput(reader: Reader, field: string): Output {
  const kind = reader.u8(`${field}.lock`);
  if (!isLock(kind))
    throw reader.refuse(`${field} has the unknown lock ${kind}`, `${field}.lock`, 1);
  const owner = toHex(reader.take(OWNER_LENGTH, `${field}.owner`));
  if (kind === lock.burn && owner !== NOBODY) {
    throw reader.refuse(`${field} is a burn with an owner`, `${field}.owner`, OWNER_LENGTH);
  }
  const custodian = reader.u16(`${field}.custodian`);
  const amount = reader.u64(`${field}.amount`);
  if (amount === 0n) throw reader.refuse(`${field} is of nothing`, `${field}.amount`, 8);
  return { lock: kind, owner, custodian, amount };
}

export function writeOutput(writer: Writer, output: Output): void {
  writer.u8(output.lock).hex(output.owner, OWNER_LENGTH).u16(output.custodian).u64(output.amount);
}

function isLock(value: number): value is Lock {
  return value <= lock.replacement;
}
