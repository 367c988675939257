/** What made a coin: the record, or the deposit, whose output it is. Told apart by the first byte. */
import type { Hex } from "./bytes.ts";
import { decodeDeposit, DEPOSIT_KIND, depositId } from "./deposit.ts";
import { type Outpoint, type Output, splitOutpoint } from "./output.ts";
import { decodeRecord, recordId, type SignedRecord } from "./record.ts";

export type Parent = {
  readonly id: Hex;
  /** What the id is the digest of: a record's bytes before its signer, or the whole deposit. */
  readonly body: Uint8Array;
  readonly outputs: readonly Output[];
  /** Signed by its signer; a deposit is signed by nobody. */
  readonly record: SignedRecord | undefined;
};

/** @param bytes of a whole record or of a deposit. @throws Refusal `malformed` naming field and offset. */
export function decodeParent(networkId: Uint8Array, bytes: Uint8Array): Parent {
  if (bytes[0] === DEPOSIT_KIND) {
    const deposit = decodeDeposit(bytes);
    return {
      id: depositId(networkId, deposit),
      body: bytes,
      outputs: [deposit.output],
      record: undefined,
    };
  }
  const record = decodeRecord(bytes);
  const { body, outputs } = record;
  return { id: recordId(networkId, body), body, outputs, record };
}

/** The coin of that name, if this parent made it. */
export function outputOf(parent: Parent, outpoint: Outpoint): Output | undefined {
  const { id, index } = splitOutpoint(outpoint);
  return id === parent.id ? parent.outputs[index] : undefined;
}
