/** Many leaves in one body, as devices hand them to gateways and gateways to nodes: count u16 × (length u32 | leaf). */
import { Reader, Writer } from "./bytes.ts";
import { limits } from "./limits.ts";

/** 1 to 4,096 leaves, parents first. */
export function encodeLeaves(leaves: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(2 + leaves.length * 320);
  writeLeaves(writer, leaves);
  return writer.done();
}

/** The leaves as they travelled: who takes them in decodes them one by one. @throws Refusal `malformed`. */
export function decodeLeaves(bytes: Uint8Array): Uint8Array[] {
  const reader = new Reader(bytes);
  const leaves = readLeaves(reader);
  reader.end("leaves");
  return leaves;
}

export function writeLeaves(writer: Writer, leaves: readonly Uint8Array[]): void {
  writer.u16(leaves.length);
  for (const leaf of leaves) writer.wide(leaf);
}

export function readLeaves(reader: Reader): Uint8Array[] {
  const count = reader.count(2, 1, limits.submissionLeavesMax, "leaves");
  const leaves: Uint8Array[] = [];
  for (let i = 0; i < count; i++) leaves.push(reader.wide(limits.leafBytesMax, `leaves[${i}]`));
  return leaves;
}
