import { expect } from "chai";
import fc from "fast-check";
import { decodeFrame, encodeFrame, FRAME_ROOM, framedLength } from "../../../node/gossip/frame.ts";
import { limits } from "../../../protocol/limits.ts";
import { isRefusal, type Refusal } from "../../../protocol/refusal.ts";

function refusalOf(bytes: Uint8Array): Refusal {
  try {
    decodeFrame(bytes);
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
  throw new Error("was not refused");
}

const leaf = fc.uint8Array({ minLength: 1, maxLength: 300 });

describe("frame", () => {
  it("decodes what was encoded, each leaf apart from the frame", () => {
    fc.assert(
      fc.property(fc.array(leaf, { minLength: 1, maxLength: 40 }), (leaves) => {
        const decoded = decodeFrame(encodeFrame(leaves));
        expect(decoded.map((bytes) => [...bytes])).to.deep.equal(leaves.map((bytes) => [...bytes]));
        // Keeping one keeps little else.
        for (const bytes of decoded) expect(bytes.buffer.byteLength).to.be.at.most(4096);
      }),
    );
  });

  it("has one encoding: whatever it decodes encodes to the same bytes, and anything else is malformed", () => {
    const valid = fc.array(leaf, { minLength: 1, maxLength: 5 }).map(encodeFrame);
    const mutated = fc
      .tuple(valid, fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([bytes, at, by]) => {
        bytes[at % bytes.length]! ^= by;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
        try {
          expect([...encodeFrame(decodeFrame(bytes))]).to.deep.equal([...bytes]);
        } catch (error) {
          if (!isRefusal(error, "malformed")) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("names field and offset of what it refuses", () => {
    const frame = encodeFrame([new Uint8Array([1, 2, 3]), new Uint8Array([4])]);
    const cases: [Uint8Array, string, number][] = [
      [new Uint8Array(), "count", 0],
      [new Uint8Array([0, 0]), "count", 0],
      [new Uint8Array([0xff, 0xff]), "count", 0],
      [new Uint8Array([0, 1, 0, 0, 0, 0]), "leaves[0]", 2],
      [new Uint8Array([0, 1, 0xff, 0, 0, 0]), "leaves[0]", 2],
      [frame.subarray(0, frame.length - 1), "leaves[1]", 13],
      [Uint8Array.from([...frame, 0]), "frame", frame.length],
    ];
    for (const [bytes, field, offset] of cases) {
      expect(refusalOf(bytes).place).to.deep.equal({ field, offset });
    }
  });

  it("holds as many leaves as there is room for, and not one byte more", () => {
    const large = new Uint8Array(limits.leafBytesMax);
    const count = Math.floor(FRAME_ROOM / framedLength(large));
    const rest = FRAME_ROOM - count * framedLength(large) - framedLength(new Uint8Array());
    const full = [...Array.from({ length: count }, () => large), new Uint8Array(rest)];

    expect(encodeFrame(full)).to.have.length(limits.frameBytesMax);
    expect(decodeFrame(encodeFrame(full))).to.have.length(count + 1);
    expect(() => encodeFrame([...full, new Uint8Array(1)])).to.throw(RangeError);
    expect(() => encodeFrame([])).to.throw(RangeError);
    expect(refusalOf(new Uint8Array(limits.frameBytesMax + 1)).code).to.equal("malformed");
  });
});
