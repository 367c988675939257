import assert from "node:assert/strict";
import fc from "fast-check";
import { headOf, nearOrder } from "../../../node/store/near-order.ts";

describe("near order", () => {
  it("has every item once, by place, and those of one place as they came; a few as they came", () => {
    const place = fc.oneof(fc.nat(4095), fc.constantFrom(0, 7, 4095));
    fc.assert(
      fc.property(fc.array(place, { maxLength: 300, size: "max" }), (places) => {
        const numbers = places.map((_, i) => i);
        const expected =
          places.length < 64 ? numbers : numbers.toSorted((a, b) => places[a]! - places[b]!);
        assert.deepEqual([...nearOrder(places.length, (item) => places[item]!)], expected);
      }),
    );
  });

  it("takes the first 12 bits of hexadecimal digits", () => {
    for (const head of ["000", "abc", "9f0", "fff"])
      assert.equal(headOf(`0x${head}1234`), Number.parseInt(head, 16));
  });
});
