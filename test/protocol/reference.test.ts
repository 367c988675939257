/** What a request is for: a text with three forms that purses act on. */
import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../protocol/bytes.ts";
import { formatReference, parseReference, type Reference } from "../../protocol/reference.ts";
import { plain } from "../../scripts/vectors/vector.ts";
import { readVectors, refusalFrom } from "./support/vectors.ts";

type Vector = { readonly text: string; readonly expected: unknown };

const { good, bad } = readVectors<{ good: readonly Vector[]; bad: readonly Vector[] }>(
  "references",
);

describe("a reference", () => {
  it("is a free text, a price with change to come, or names the payment that is paid back [N-08, N-09]", () => {
    for (const { text, expected } of good) {
      const reference = parseReference(text);
      expect(plain(reference), text).to.deep.equal(expected);
      expect(formatReference(reference)).to.equal(text);
    }
  });

  it("is malformed when it begins like a form and does not follow it", () => {
    expect(bad.length).to.be.above(10);
    for (const { text, expected } of bad) {
      const { code } = refusalFrom(() => parseReference(text));
      expect({ code }, text).to.deep.equal(expected);
      expect(refusalFrom(() => formatReference({ kind: "free", text })).code).to.equal("malformed");
    }
  });

  it("means one thing, and is written in one way", () => {
    const of = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
    const price = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
    const reference: fc.Arbitrary<Reference> = fc.oneof(
      fc.record({ kind: fc.constantFrom("refund", "change"), of }),
      fc.record({ kind: fc.constant("price"), price, text: fc.string() }),
    );
    fc.assert(
      fc.property(reference, (written) => {
        expect(parseReference(formatReference(written))).to.deep.equal(written);
      }),
    );
  });

  it("is written as it was read, whatever it is, or refused", () => {
    const start = fc.constantFrom("", "refund:", "change:", "price:", "price:1");
    fc.assert(
      fc.property(start, fc.string({ unit: "binary" }), (form, rest) => {
        const text = form + rest;
        const read = parsed(text);
        if (read !== undefined) expect(formatReference(read)).to.equal(text);
      }),
    );
  });
});

function parsed(text: string): Reference | undefined {
  let reference: Reference | undefined;
  try {
    reference = parseReference(text);
  } catch (error) {
    expect(error).to.have.property("code", "malformed");
  }
  return reference;
}
