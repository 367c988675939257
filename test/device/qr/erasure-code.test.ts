import { expect } from "chai";
import fc from "fast-check";
import { recoverParts, SHARES, shareOf } from "../../../device/qr/erasure-code.ts";
import { addMultiple, inverse, multiply, scale } from "../../../device/qr/gf256.ts";

const byte = fc.integer({ min: 0, max: 255 });

describe("the field of bytes", () => {
  it("divides by every byte but zero", () => {
    for (let a = 1; a < 256; a++) expect(multiply(a, inverse(a))).to.equal(1);
    expect(() => inverse(0)).to.throw(RangeError);
  });

  it("multiplies as polynomials do: by doubling and adding", () => {
    fc.assert(
      fc.property(byte, byte, (a, b) => {
        let sum = 0;
        for (let bit = 7; bit >= 0; bit--) {
          sum = sum < 128 ? 2 * sum : (2 * sum) ^ 0x11d;
          if ((b >> bit) % 2 === 1) sum ^= a;
        }
        expect(multiply(a, b)).to.equal(sum);
      }),
    );
  });

  it("works on rows as on bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(byte, byte)), byte, (pairs, factor) => {
        const target = Uint8Array.from(pairs, ([a]) => a);
        const row = Uint8Array.from(pairs, ([, b]) => b);
        addMultiple(target, factor, row);
        expect([...target]).to.deep.equal(pairs.map(([a, b]) => a ^ multiply(factor, b)));
        scale(row, factor);
        expect([...row]).to.deep.equal(pairs.map(([, b]) => multiply(factor, b)));
      }),
    );
  });
});

describe("the erasure code", () => {
  it("gives the parts back from any k of 256 shares", () => {
    const cut = fc
      .tuple(fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 40 }))
      .chain(([count, length]) => {
        const part = fc.uint8Array({ minLength: length, maxLength: length });
        return fc.tuple(
          fc.array(part, { minLength: count, maxLength: count }),
          fc.shuffledSubarray([...Array(SHARES).keys()], { minLength: count, maxLength: count }),
        );
      });
    fc.assert(
      fc.property(cut, ([parts, numbers]) => {
        const shares = new Map(numbers.map((number) => [number, shareOf(parts, number)]));
        expect(recoverParts(shares, parts.length)).to.deep.equal(parts);
      }),
      { numRuns: 60 },
    );
  });

  it("gives 128 parts back from repair shares alone", () => {
    const parts = Array.from({ length: 128 }, (_, j) => Uint8Array.of(j, 255 - j, j ^ 77));
    const shares = new Map(parts.map((_, j) => [j + 128, shareOf(parts, j + 128)]));
    expect(recoverParts(shares, 128)).to.deep.equal(parts);
  });

  it("gives nothing back from fewer", () => {
    const parts = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
    const shares = new Map([9, 200].map((number) => [number, shareOf(parts, number)]));
    expect(() => recoverParts(shares, 3)).to.throw(RangeError, "fewer than 3 shares");
  });
});
