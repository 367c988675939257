/**
 * Merkle trees of RFC 6962 over SHA-256: a leaf is SHA-256(00 ‖ entry), a node SHA-256(01 ‖ left ‖
 * right), an odd node is carried up, the empty tree is SHA-256 of nothing.
 */
import { sha256 } from "#sha256";
import { equalBytes } from "./bytes.ts";
import { hashParts } from "./hash-parts.ts";

export const HASH_LENGTH = 32;

const LEAF = Uint8Array.of(0);
/** 01 ‖ left ‖ right, for whichever node is hashed. */
const node = new Uint8Array(1 + 2 * HASH_LENGTH).fill(1, 0, 1);

/** SHA-256(00 ‖ entry). */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  return hashParts(LEAF, entry);
}

/** As `hashLeaf`, of an entry in two parts. */
export function hashLeafOf(head: Uint8Array, tail: Uint8Array): Uint8Array {
  return hashParts(LEAF, head, tail);
}

/** The root over leaf hashes, 32 bytes. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array());
  let level = leaves;
  while (level.length > 1) level = parents(level);
  return level[0]!;
}

/** Every row of the tree, the leaves first, the root last; the empty tree has none. */
export function merkleRows(leaves: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const rows: (readonly Uint8Array[])[] = [];
  for (let row = leaves; row.length > 0; row = row.length === 1 ? [] : parents(row)) rows.push(row);
  return rows;
}

/** The hashes that lead from leaf `index` to the root, lowest first, out of the rows of a tree. */
export function proofIn(rows: readonly (readonly Uint8Array[])[], index: number): Uint8Array[] {
  if (!(index >= 0 && index < (rows[0]?.length ?? 0))) throw new RangeError(`no leaf ${index}`);
  return rows.flatMap((row, height) => row[Math.floor(index / 2 ** height) ^ 1] ?? []);
}

/** The hashes that lead from leaf `index` to the root, lowest first. */
export function merkleProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  return proofIn(merkleRows(leaves), index);
}

/** Whether `leaf` stands at `index` of the `count` leaves under `root`. Any other path is refused. */
export function isIncluded(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count)) return false;
  if (index < 0 || index >= count) return false;
  let hash = leaf;
  let at = index;
  let used = 0;
  for (let width = count; width > 1; width = Math.ceil(width / 2)) {
    const isCarried = at === width - 1 && width % 2 === 1;
    if (!isCarried) {
      const sibling = path[used++];
      if (sibling === undefined || sibling.length !== HASH_LENGTH) return false;
      hash = at % 2 === 0 ? hashNode(hash, sibling) : hashNode(sibling, hash);
    }
    at = Math.floor(at / 2);
  }
  return used === path.length && equalBytes(hash, root);
}

function parents(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i]!;
    const right = level[i + 1];
    above.push(right === undefined ? left : hashNode(left, right));
  }
  return above;
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + HASH_LENGTH);
  return sha256(node);
}
