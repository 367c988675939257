/** Merkle trees, against RFC 6962 as it defines them: by recursion, with the largest power of two. */
import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { concat, fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { hashLeaf, isIncluded, merkleProof, merkleRoot } from "../../protocol/merkle.ts";
import { bytes } from "../../scripts/vectors/keys.ts";
import { readVectors } from "./support/vectors.ts";

type Proof = {
  readonly name: string;
  readonly leaf: Hex;
  readonly index: number;
  readonly count: number;
  readonly path: Hex[];
  readonly root: Hex;
  readonly expected: boolean;
};

const vectors = readVectors<{
  leafHashes: { entry: Hex; expected: Hex }[];
  roots: { name: string; leaves: Hex[]; expected: Hex }[];
  proofs: Proof[];
}>("merkle");

describe("a Merkle tree", () => {
  it("hashes entries with a prefix of their own", () => {
    for (const { entry, expected } of vectors.leafHashes) {
      expect(toHex(hashLeaf(fromHex(entry)))).to.equal(expected);
      expect(toHex(sha256(Uint8Array.of(0), fromHex(entry)))).to.equal(expected);
    }
  });

  it("has the root that the RFC's recursion gives, for up to 300 leaves", () => {
    for (let count = 0; count <= 300; count++) {
      const leaves = leavesOf(count);
      expect(toHex(merkleRoot(leaves)), `${count} leaves`).to.equal(toHex(naiveRoot(leaves)));
    }
  });

  it("has the roots that the vectors state", () => {
    for (const { name, leaves, expected } of vectors.roots) {
      expect(toHex(merkleRoot(leaves.map((leaf) => fromHex(leaf)))), name).to.equal(expected);
    }
  });

  it("proves every leaf of up to 70, by the path of the RFC", () => {
    for (let count = 1; count <= 70; count++) {
      const leaves = leavesOf(count);
      const root = merkleRoot(leaves);
      for (let index = 0; index < count; index++) {
        const path = merkleProof(leaves, index);
        expect(path.map(toHex)).to.deep.equal(naivePath(index, leaves).map(toHex));
        expect(isIncluded(leaves[index]!, index, count, path, root)).to.equal(true);
      }
    }
  });

  it("takes a path for no other leaf and no other index", () => {
    for (let count = 1; count <= 20; count++) {
      const leaves = leavesOf(count);
      const root = merkleRoot(leaves);
      for (let index = 0; index < count; index++) {
        const path = merkleProof(leaves, index);
        for (let other = 0; other < count; other++) {
          const isOwn = other === index;
          expect(isIncluded(leaves[index]!, other, count, path, root)).to.equal(isOwn);
          expect(isIncluded(leaves[other]!, index, count, path, root)).to.equal(isOwn);
        }
      }
    }
  });

  it("judges the proofs of the vectors as they say", () => {
    expect(vectors.proofs.filter(({ expected }) => !expected).length).to.be.above(5);
    for (const { name, leaf, index, count, path, root, expected } of vectors.proofs) {
      const hashes = path.map((node) => fromHex(node));
      const verdict = isIncluded(fromHex(leaf), index, count, hashes, fromHex(root));
      expect(verdict, name).to.equal(expected);
    }
  });

  it("takes no index or count that is not a whole number, and no path of other lengths", () => {
    const leaves = leavesOf(2);
    const root = merkleRoot(leaves);
    const [first, second] = leaves as [Uint8Array, Uint8Array];
    for (const index of [0.5, Number.NaN, -1, 2, 2 ** 53]) {
      expect(isIncluded(second, index, 2, [first], root), `${index}`).to.equal(false);
    }
    expect(isIncluded(second, 1, 2.5, [first], root)).to.equal(false);
    expect(isIncluded(second, 1, Number.POSITIVE_INFINITY, [first], root)).to.equal(false);
    expect(isIncluded(second, 1, 2, [first.subarray(1)], root)).to.equal(false);
    expect(isIncluded(second, 1, 2, [first], root)).to.equal(true);
  });

  it("changes its root with any leaf, their order and their number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (count, at) => {
        const leaves = leavesOf(count);
        const root = toHex(merkleRoot(leaves));
        const i = at % count;
        const other = leaves.with(i, bytes("other", 32));
        expect(toHex(merkleRoot(other))).to.not.equal(root);
        expect(toHex(merkleRoot(leaves.toReversed()))).to.not.equal(root);
        expect(toHex(merkleRoot(leaves.slice(1)))).to.not.equal(root);
        expect(toHex(merkleRoot([...leaves, leaves[i]!]))).to.not.equal(root);
      }),
    );
  });
});

function leavesOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => bytes(`leaf ${i}`, 32));
}

/** MTH of RFC 6962, section 2.1, over leaf hashes. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return sha256(Uint8Array.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH of RFC 6962, section 2.1.1. */
function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** The largest power of two below n. */
function split(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

function sha256(...parts: Uint8Array[]): Uint8Array {
  return createHash("sha256")
    .update(concat(...parts))
    .digest();
}
