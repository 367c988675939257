/** The two ends of #point are one. */
import { expect } from "chai";
import fc from "fast-check";
import { p256 } from "@noble/curves/nist.js";
import { toHex } from "../../protocol/bytes.ts";
import * as node from "../../protocol/point-node.ts";
import * as portable from "../../protocol/point-portable.ts";

const { ORDER } = p256.Point.Fn;
const bytesOf = (value: bigint, length: number) =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex"));
/** One that fast-check draws is hardly ever out of range, so the edges are named. */
const scalar = fc.oneof(fc.bigInt(1n, ORDER - 1n), fc.constantFrom(1n, 2n, ORDER - 2n, ORDER - 1n));

describe("points of P-256", () => {
  it("are those of their scalars at both ends, and found again from 33 bytes", () => {
    fc.assert(
      fc.property(scalar, (value) => {
        const privateKey = bytesOf(value, 32);
        const point = node.pointOf(privateKey);
        expect(toHex(point)).to.equal(toHex(portable.pointOf(privateKey)));
        const compressed = p256.getPublicKey(privateKey, true);
        for (const { uncompressed } of [node, portable]) {
          expect(uncompressed(compressed)).to.deep.equal(point);
        }
      }),
    );
  });

  it("belong to no scalar out of range", () => {
    for (const value of [0n, ORDER, ORDER + 1n]) {
      for (const { pointOf } of [node, portable]) {
        expect(() => pointOf(bytesOf(value, 32))).to.throw();
      }
    }
  });

  it("are on the curve, or are none, by the same judgement", () => {
    const field = p256.Point.Fp.ORDER;
    const x = fc.oneof(
      fc.bigInt(0n, field - 1n),
      fc.constantFrom(0n, field - 1n, field, field + 1n, 2n ** 256n - 1n),
    );
    const seen = { on: 0, off: 0 };
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2, 3, 4, 5), x, (head, value) => {
        const bytes = Uint8Array.of(head, ...bytesOf(value, 32));
        const found = portable.uncompressed(bytes);
        expect(node.uncompressed(bytes)).to.deep.equal(found);
        seen[found === undefined ? "off" : "on"] += 1;
      }),
      { numRuns: 400 },
    );
    expect(seen.on).to.be.above(20);
    expect(seen.off).to.be.above(20);
    for (const length of [0, 1, 32, 34, 65]) {
      const bytes = portable.pointOf(bytesOf(7n, 32)).slice(0, length);
      expect([node.uncompressed(bytes), portable.uncompressed(bytes)]).to.deep.equal([
        undefined,
        undefined,
      ]);
    }
  });
});
