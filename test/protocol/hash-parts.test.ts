/** A hash of several parts is the hash of them put together, however large they are. */
import { expect } from "chai";
import fc from "fast-check";
import { sha256 } from "#sha256";
import { concat, toHex } from "../../protocol/bytes.ts";
import { hashParts } from "../../protocol/hash-parts.ts";

describe("the hash of several parts", () => {
  it("is that of all of them, one after the other, also beyond the memory that is used again", () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 1500, size: "max" }), { maxLength: 4 });
    fc.assert(
      fc.property(parts, (any) => {
        expect(toHex(hashParts(...any))).to.equal(toHex(sha256(concat(...any))));
      }),
    );
    for (const length of [2047, 2048, 2049]) {
      const whole = new Uint8Array(length).fill(length);
      const hash = hashParts(whole.subarray(0, 1000), whole.subarray(1000));
      expect(toHex(hash)).to.equal(toHex(sha256(whole)));
    }
  });
});
