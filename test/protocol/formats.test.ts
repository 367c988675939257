/**
 * Every format, in the same way: its vectors, what goes out comes back, what was taken is what would have
 * been written, and no bytes do more than be refused.
 */
import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { ENROLMENT_KIND } from "../../protocol/enrolment.ts";
import { recordKinds } from "../../protocol/record.ts";
import { isRefusal, type Refusal } from "../../protocol/refusal.ts";
import { type Format, formats } from "./support/formats.ts";
import { shown, vectorsAt } from "./support/vectors.ts";

/** What a decoder may refuse bytes with. */
const codes = ["malformed", "unsupported-version", "too-large"];

for (const {
  name,
  vectors: [file, ...path],
  decode,
  encode,
  any,
} of formats) {
  describe(`the ${name} format`, () => {
    const { good, bad } = vectorsAt(file, path);
    const samples = good.map(({ bytes }) => fromHex(bytes));

    it("takes each good vector for what it is, and writes it again byte for byte", async () => {
      expect(good.length).to.be.above(0);
      for (const { name: title, bytes, expected } of good) {
        const decoded = decode(fromHex(bytes));
        expect(expected, title).to.deep.include(numbered(shown(decoded) as object));
        expect(toHex(await encode(decoded as never)), title).to.equal(bytes);
      }
    });

    it("refuses each vector of bad form with its code, field and offset", () => {
      const ofForm = bad.filter(({ expected }) => codes.includes(expected.code));
      expect(ofForm.length).to.be.above(2);
      for (const { name: title, bytes, expected } of ofForm) {
        if (expected.field === undefined) continue;
        const refusal = refusalOrNone(decode, fromHex(bytes));
        expect(refusal?.code, title).to.equal(expected.code);
        expect(refusal?.place, title).to.deep.equal({
          field: expected.field,
          offset: expected.offset,
        });
      }
    });

    it("gives back whatever fields were encoded", async () => {
      await fc.assert(
        fc.asyncProperty(any, async (fields) => {
          const encoded = await encode(fields as never);
          expect(shown(decode(encoded))).to.deep.include(shown(fields) as object);
        }),
        { numRuns: 100 },
      );
    });

    it("takes of damaged bytes only those that it would have written itself", async () => {
      await fc.assert(
        fc.asyncProperty(damaged(samples), async (bytes) => {
          const decoded = decodedOrRefused(decode, bytes);
          if (decoded !== undefined) {
            expect(toHex(await encode(decoded as never))).to.equal(toHex(bytes));
          }
        }),
        { numRuns: 1000 },
      );
    });

    it("refuses random bytes, and nothing else comes of them", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
          decodedOrRefused(decode, bytes);
        }),
        { numRuns: 1000 },
      );
    });
  });
}

/** Vectors state a leaf's kind by its number, for those who know no other name for it. */
function numbered(fields: { readonly kind?: string }): object {
  const numbers: Record<string, number> = { ...recordKinds, enrolment: ENROLMENT_KIND };
  const number = numbers[fields.kind ?? ""];
  return number === undefined ? fields : { ...fields, kind: number };
}

/** Bytes near those of a sample: one changed, a stretch lost, doubled, or taken from another sample. */
function damaged(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const sample = fc.constantFrom(...samples);
  return fc
    .record({ sample, other: sample, from: place, length: fc.nat({ max: 40 }), value: fc.nat(255) })
    .chain(({ sample: whole, other, from, length, value }) => {
      const at = Math.floor(from * whole.length);
      const head = [...whole.subarray(0, at)];
      const stretch = [...whole.subarray(at, at + length)];
      const rest = [...whole.subarray(at + length)];
      return fc.constantFrom(
        [...head, value, ...whole.subarray(at + 1)],
        [...head, whole[at]! ^ (1 << (value % 8)), ...whole.subarray(at + 1)],
        [...head, ...rest],
        [...head, ...stretch, ...stretch, ...rest],
        [...head, ...other.subarray(at, at + length), ...rest],
        head,
      );
    })
    .map((bytes) => Uint8Array.from(bytes));
}

/** What `decode` makes of bytes, or nothing when it refuses them as a decoder may. */
function decodedOrRefused(decode: Format["decode"], bytes: Uint8Array): unknown {
  let decoded: unknown;
  const refusal = refusalOrNone((input) => {
    decoded = decode(input);
  }, bytes);
  if (refusal === undefined) return decoded;
  expect(codes).to.include(refusal.code);
  expect(refusal.place?.offset).to.be.within(0, bytes.length);
  return undefined;
}

function refusalOrNone(decode: Format["decode"], bytes: Uint8Array): Refusal | undefined {
  try {
    decode(bytes);
    return undefined;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}
