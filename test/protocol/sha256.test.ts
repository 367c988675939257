/** The two ends of #sha256 are one function. */
import { expect } from "chai";
import fc from "fast-check";
import { toHex, utf8 } from "../../protocol/bytes.ts";
import { sha256 as node, sha256Head as nodeHead } from "../../protocol/sha256-node.ts";
import { sha256 as portable, sha256Head as portableHead } from "../../protocol/sha256-portable.ts";

describe("SHA-256", () => {
  it("is FIPS 180-4's, on Node and in browsers", () => {
    for (const sha256 of [node, portable]) {
      expect(toHex(sha256(utf8.encode("abc")))).to.equal(
        "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      );
      expect(toHex(sha256(new Uint8Array()))).to.equal(
        "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      );
    }
  });

  it("is the same at both ends for any bytes, also where they stand inside of others", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(50), (bytes, from) => {
        const part = bytes.subarray(from);
        expect(toHex(node(part))).to.equal(toHex(portable(part)));
        expect(toHex(node(part)).slice(2, 6)).to.equal(
          nodeHead(part).toString(16).padStart(4, "0"),
        );
        expect(portableHead(part)).to.equal(nodeHead(part));
      }),
    );
  });
});
