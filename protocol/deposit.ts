/** The deposit: the parent of a vault coin, or of an awarded coin. It is made by an event, never put in a batch. */
import { Reader, type Hex, toHex, Writer } from "./bytes.ts";
import { digest } from "./message.ts";
import { lock, type Outpoint, outpointOf, type Output, readOutput, writeOutput } from "./output.ts";

export const DEPOSIT_KIND = 0;

export type Deposit = {
  /** The ledger event that made it. */
  readonly seq: number;
  readonly output: Output;
};

export function encodeDeposit(deposit: Deposit): Uint8Array {
  const writer = new Writer(40).u8(DEPOSIT_KIND).safe(deposit.seq);
  writeOutput(writer, deposit.output);
  return writer.done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeDeposit(bytes: Uint8Array): Deposit {
  const reader = new Reader(bytes);
  const kind = reader.u8("kind");
  if (kind !== DEPOSIT_KIND) throw reader.refuse(`kind ${kind} is no deposit`, "kind", 1);
  const seq = reader.safe("seq");
  const output = readOutput(reader, "output");
  if (output.lock !== lock.key)
    throw reader.refuse("a deposit's coin has lock 0", "output.lock", 31);
  reader.end("deposit");
  return { seq, output };
}

export function depositId(networkId: Uint8Array, deposit: Deposit): Hex {
  return toHex(digest("record", networkId, encodeDeposit(deposit)));
}

/** The coin of a deposit is its only output. */
export function depositOutpoint(networkId: Uint8Array, deposit: Deposit): Outpoint {
  return outpointOf(digest("record", networkId, encodeDeposit(deposit)), 0);
}
