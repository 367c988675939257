/** Leaves that came together, as one row of the store: when, in milliseconds u64, and the list of them. */
import { Reader, Writer } from "../protocol/bytes.ts";
import { readLeaves, writeLeaves } from "../protocol/leaf-list.ts";

export type StoredLeaves = {
  /** Milliseconds of the clock when they came. */
  readonly received: number;
  readonly leaves: readonly Uint8Array[];
};

export function encodeChunk({ received, leaves }: StoredLeaves): Uint8Array {
  const writer = new Writer(16 + 320 * leaves.length).safe(received);
  writeLeaves(writer, leaves);
  return writer.done();
}

/** The leaves are views of the row. */
export function decodeChunk(row: Uint8Array): StoredLeaves {
  const reader = new Reader(row);
  return { received: reader.safe("received"), leaves: readLeaves(reader) };
}
