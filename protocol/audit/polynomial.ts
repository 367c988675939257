/** Shamir's sharing over P-256's scalars: a polynomial, its values at 1, 2, …, and what stood at 0. */
import { p256 } from "@noble/curves/nist.js";
import { Fn, type Point } from "../log-proof.ts";

/** f(x) for coefficients from the constant one on. */
export function valueAt(coefficients: readonly bigint[], x: number): bigint {
  return coefficients.reduceRight((sum, each) => Fn.add(Fn.mul(sum, BigInt(x)), each), 0n);
}

/** f(x)·G for the points of the coefficients: what a share of the polynomial must be the logarithm of. */
export function pointAt(commitments: readonly Point[], x: number): Point {
  return commitments.reduceRight(
    (sum, each) => sum.multiplyUnsafe(BigInt(x)).add(each),
    p256.Point.ZERO,
  );
}

/** By what the value at `x` is multiplied where f(0) is put together from the values at all of `xs`. */
export function weightAtZero(xs: readonly number[], x: number): bigint {
  return xs
    .filter((other) => other !== x)
    .reduce(
      (weight, other) => Fn.mul(weight, Fn.div(BigInt(other), Fn.create(BigInt(other - x)))),
      1n,
    );
}
