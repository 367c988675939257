/** The two ends of #hex are one function, and decoding is its inverse. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeHex as node } from "../../protocol/hex-node.ts";
import { encodeHex as portable } from "../../protocol/hex-portable.ts";
import { decodeHex } from "../../protocol/hex.ts";

describe("hexadecimal digits", () => {
  it("are the same at both ends for any bytes, also where they stand inside of others", () => {
    const bytes = fc.uint8Array({ maxLength: 5000, size: "max" });
    fc.assert(
      fc.property(bytes, fc.nat(50), (whole, from) => {
        const part = whole.subarray(from);
        const text = `0x${Buffer.from(part).toString("hex")}`;
        assert.equal(node(part), text);
        assert.equal(portable(part), text);
        assert.deepEqual(decodeHex(text, 2), Uint8Array.from(part));
      }),
    );
  });
});
