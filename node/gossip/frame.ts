/**
 * A frame: the leaves that travel as one gossip message. A message costs a receiver about as much as a
 * hundred leaves do, so leaves go in company.
 *
 *     count u16 | (length u32 | leaf) × count
 */
import { Reader, Writer } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { nativeCopy } from "../service/native-bytes.ts";

const HEAD_LENGTH = 2;

/** What a leaf takes in a frame. */
export function framedLength(leaf: Uint8Array): number {
  return 4 + leaf.length;
}

/** How many bytes of framed leaves fit. */
export const FRAME_ROOM = limits.frameBytesMax - HEAD_LENGTH;

/** @throws RangeError on more than a frame holds. */
export function encodeFrame(leaves: readonly Uint8Array[]): Uint8Array {
  const length = leaves.reduce((sum, leaf) => sum + framedLength(leaf), HEAD_LENGTH);
  if (leaves.length === 0 || leaves.length > limits.frameLeavesMax || length > limits.frameBytesMax)
    throw new RangeError(`${leaves.length} leaves of ${length} bytes are no frame`);
  const writer = new Writer(length).u16(leaves.length);
  for (const leaf of leaves) writer.u32(leaf.length).put(leaf);
  return writer.done();
}

/**
 * Each leaf apart, so that keeping one does not keep the frame.
 * @throws Refusal `malformed` naming field and offset.
 */
export function decodeFrame(bytes: Uint8Array): Uint8Array[] {
  const reader = new Reader(bytes);
  if (bytes.length > limits.frameBytesMax) {
    throw reader.refuse(`a frame has at most ${limits.frameBytesMax} bytes`, "frame");
  }
  const count = reader.count(2, 1, limits.frameLeavesMax, "count");
  const leaves: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const leaf = reader.wide(limits.leafBytesMax, `leaves[${i}]`);
    if (leaf.length === 0) throw reader.refuse("a leaf has no bytes", `leaves[${i}]`, 4);
    leaves.push(nativeCopy(leaf));
  }
  reader.end("frame");
  return leaves;
}
