/** The field of 256 elements, modulo x^8 + x^4 + x^3 + x^2 + 1: bytes that can be added, multiplied and divided. */

const POLYNOMIAL = 0x11d;
const ORDER = 255;

/** Powers of x, twice round, so that the sum of two logarithms needs no reduction; and the way back. */
const powers = new Uint8Array(2 * ORDER);
const logarithms = new Uint8Array(256);
for (let i = 0, power = 1; i < ORDER; i++) {
  powers[i] = power;
  powers[i + ORDER] = power;
  logarithms[power] = i;
  power <<= 1;
  if (power > 0xff) power ^= POLYNOMIAL;
}

export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : powers[logarithms[a]! + logarithms[b]!]!;
}

/** @param a not zero. */
export function inverse(a: number): number {
  if (a === 0) throw new RangeError("zero has no inverse");
  return powers[ORDER - logarithms[a]!]!;
}

/** target += factor · row, each byte by itself. */
export function addMultiple(target: Uint8Array, factor: number, row: Uint8Array): void {
  if (factor === 0) return;
  const shift = logarithms[factor]!;
  for (let i = 0; i < target.length; i++) {
    const value = row[i]!;
    if (value !== 0) target[i]! ^= powers[shift + logarithms[value]!]!;
  }
}

/** row = factor · row. */
export function scale(row: Uint8Array, factor: number): void {
  for (let i = 0; i < row.length; i++) row[i] = multiply(factor, row[i]!);
}
