/** RFC 6962 trees: leaf hashes, roots, and proofs that hold and that do not. */
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { hashLeaf, isIncluded, merkleProof, merkleRoot } from "../../protocol/merkle.ts";
import { bytes } from "./keys.ts";

type Proof = {
  readonly name: string;
  readonly leaf: Hex;
  readonly index: number;
  readonly count: number;
  readonly path: readonly Hex[];
  readonly root: Hex;
  readonly expected: boolean;
};

const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 31, 32, 33, 70];

export function merkle() {
  const entries = [new Uint8Array(), Uint8Array.of(0), bytes("entry", 32), bytes("entry", 262)];
  return {
    leafHashes: entries.map((entry) => ({ entry: toHex(entry), expected: toHex(hashLeaf(entry)) })),
    roots: [0, ...COUNTS].map((count) => ({
      name: `${count} leaves`,
      leaves: leavesOf(count).map(toHex),
      expected: toHex(merkleRoot(leavesOf(count))),
    })),
    proofs: [...COUNTS.flatMap(goodProofs), ...badProofs()],
  };
}

function leavesOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => bytes(`leaf ${i}`, 32));
}

function goodProofs(count: number): Proof[] {
  const indices = new Set([0, Math.floor(count / 2), count - 1]);
  return [...indices].map((index) => ({
    name: `leaf ${index} of ${count}`,
    ...proofOf(count, index),
    expected: true,
  }));
}

function badProofs(): Proof[] {
  const good = proofOf(7, 2);
  const last = proofOf(7, 6);
  const wrong = (name: string, changes: Partial<Proof>, from = good): Proof => {
    const proof = { name, ...from, ...changes, expected: false };
    if (isProof(proof)) throw new Error(`"${name}" holds`);
    return proof;
  };
  const node = toHex(bytes("node", 32));
  return [
    wrong("another leaf", { leaf: toHex(bytes("leaf 3", 32)) }),
    wrong("another index", { index: 3 }),
    wrong("an index past the end", { index: 7 }),
    wrong("a leaf of no tree", { count: 0, index: 0, path: [] }),
    wrong("another count", { count: 4 }),
    wrong("another root", { root: node }),
    wrong("a path that lacks its end", { path: good.path.slice(0, -1) }),
    wrong("a path with a node too many", { path: [...good.path, node] }),
    wrong("a path in another order", { path: good.path.toReversed() }),
    wrong("no path", { path: [] }),
    wrong("a carried leaf with a sibling", { path: [last.leaf, ...last.path] }, last),
    wrong("an inner node for a leaf", { leaf: last.path[0]!, index: 0, count: 4 }, last),
  ];
}

function proofOf(count: number, index: number) {
  const leaves = leavesOf(count);
  return {
    leaf: toHex(leaves[index]!),
    index,
    count,
    path: merkleProof(leaves, index).map(toHex),
    root: toHex(merkleRoot(leaves)),
  };
}

function isProof({ leaf, index, count, path, root }: Proof): boolean {
  const hashes = path.map((node) => fromHex(node));
  return isIncluded(fromHex(leaf), index, count, hashes, fromHex(root));
}
