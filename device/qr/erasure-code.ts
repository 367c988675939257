/**
 * Repair of lost parts: k parts become 256 shares, of which any k give the parts back. Share n < k is part
 * n itself. Any other is the sum over all parts j of part j times 1/(n − j), in GF(256): rows of a Cauchy
 * matrix, of which every square piece can be inverted. So no share is ever useless beside others, which
 * random sums cannot promise. (Systematic Cauchy Reed-Solomon; Blömer et al., ICSI TR-95-048.)
 */
import { addMultiple, inverse, scale } from "./gf256.ts";

/** Shares are numbered in one byte. */
export const SHARES = 256;

/** @param parts fewer than 256, of equal length. @param number of the share. */
export function shareOf(parts: readonly Uint8Array[], number: number): Uint8Array {
  const part = parts[number];
  if (part !== undefined) return part;
  const share = new Uint8Array(parts[0]!.length);
  for (const [j, each] of parts.entries()) addMultiple(share, coefficient(number, j), each);
  return share;
}

/** The parts, from `count` different shares by number. */
export function recoverParts(shares: ReadonlyMap<number, Uint8Array>, count: number): Uint8Array[] {
  const parts = Array.from({ length: count }, (_, j) => shares.get(j));
  const lost = parts.flatMap((part, j) => (part === undefined ? [j] : []));
  const repairs = [...shares].filter(([number]) => number >= count).slice(0, lost.length);
  if (repairs.length < lost.length) throw new RangeError(`fewer than ${count} shares`);
  // What a repair share says of the lost parts alone.
  const sums = repairs.map(([number, share]) => {
    const sum = Uint8Array.from(share);
    for (const [j, part] of parts.entries()) {
      if (part !== undefined) addMultiple(sum, coefficient(number, j), part);
    }
    return sum;
  });
  const matrix = repairs.map(([number]) => Uint8Array.from(lost, (j) => coefficient(number, j)));
  solve(matrix, sums);
  for (const [i, j] of lost.entries()) parts[j] = sums[i]!;
  return parts as Uint8Array[];
}

/** Of part j in share n ≥ k > j: subtraction is exclusive or. */
function coefficient(n: number, j: number): number {
  return inverse(n ^ j);
}

/**
 * Gauss-Jordan, in place: afterwards `sums` holds the unknowns. No pivot is ever zero, since every leading
 * square piece of a Cauchy matrix can be inverted, so rows are never exchanged.
 */
function solve(matrix: readonly Uint8Array[], sums: readonly Uint8Array[]): void {
  for (const [i, row] of matrix.entries()) {
    const factor = inverse(row[i]!);
    scale(row, factor);
    scale(sums[i]!, factor);
    for (const [k, other] of matrix.entries()) {
      if (k === i) continue;
      const multiple = other[i]!;
      addMultiple(other, multiple, row);
      addMultiple(sums[k]!, multiple, sums[i]!);
    }
  }
}
