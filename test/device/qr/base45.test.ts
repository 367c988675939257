import { expect } from "chai";
import fc from "fast-check";
import { decodeBase45, encodeBase45 } from "../../../device/qr/base45.ts";
import { utf8 } from "../../../protocol/bytes.ts";

describe("base45", () => {
  it("gives what RFC 9285 gives", () => {
    for (const [text, encoded] of [
      ["AB", "BB8"],
      ["Hello!!", "%69 VD92EX0"],
      ["base-45", "UJCLQE7W581"],
      ["ietf!", "QED8WEX0"],
      ["", ""],
    ] as const) {
      expect(encodeBase45(utf8.encode(text))).to.equal(encoded);
      expect(decodeBase45(encoded, "text")).to.deep.equal(utf8.encode(text));
    }
  });

  it("gives any bytes back, and from any text its bytes or a refusal", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase45(encodeBase45(bytes), "text")).to.deep.equal(bytes);
      }),
    );
    const characters = fc.constantFrom(..."0189AFZ $%*+-./:".split(""));
    fc.assert(
      fc.property(fc.string({ unit: characters }), (text) => {
        let bytes: Uint8Array;
        try {
          bytes = decodeBase45(text, "text");
        } catch (error) {
          expect(error).to.have.property("code", "malformed");
          return;
        }
        expect(encodeBase45(bytes)).to.equal(text);
      }),
    );
  });

  for (const [problem, text] of [
    ["a length no bytes have", "BB80"],
    ["small letters", "bb8"],
    ["a triple above two bytes", ":::"],
    ["a pair above a byte", "::"],
  ] as const) {
    it(`refuses ${problem}`, () => {
      expect(() => decodeBase45(text, "text"))
        .to.throw()
        .with.property("code", "malformed");
    });
  }
});
