/** Short codes: eight digits that nothing leads to but the key. */
import { createHmac } from "node:crypto";
import { expect } from "chai";
import { utf8 } from "../../protocol/bytes.ts";
import {
  formatShortCode,
  isSameCode,
  parseShortCode,
  shortCode,
} from "../../protocol/short-code.ts";
import { refusalFrom } from "./support/vectors.ts";

/** Of a million draws from a thousand equally likely values, chi squared is above this once in a million times. */
const CHI_SQUARED_MAX = 1_220;

const key = new Uint8Array(32).fill(7);

describe("a short code", () => {
  it("is eight digits of HMAC-SHA-256, as another maker's", () => {
    for (const text of ["", "a", "an order"]) {
      const mac = createHmac("sha256", key).update(text).digest().readBigUInt64BE();
      const expected = (mac % 100_000_000n).toString().padStart(8, "0");
      expect(shortCode(key, utf8.encode(text))).to.equal(expected);
    }
  });

  it("cannot be predicted: all digits are equally likely, alone and after one another [R-126, N-25]", () => {
    const counts = [0, 1, 2].map(() => new Uint32Array(1_000));
    const steps = new Uint32Array(100);
    let before = "00000000";
    const draws = 60_000;
    for (let i = 0; i < draws; i++) {
      const code = shortCode(key, utf8.encode(`payment ${i}`));
      counts[0]![Number(code.slice(0, 3))]! += 1;
      counts[1]![Number(code.slice(3, 6))]! += 1;
      counts[2]![Number(code.slice(5))]! += 1;
      steps[Number(before[7]! + code[7]!)]! += 1;
      before = code;
    }
    for (const each of counts) expect(chiSquared(each, draws)).to.be.below(CHI_SQUARED_MAX);
    expect(chiSquared(steps, draws)).to.be.below(190);
  });

  it("is another under another key, and for anything else", () => {
    const codes = new Set<string>();
    for (let i = 0; i < 100; i++) {
      codes.add(shortCode(new Uint8Array(32).fill(i), utf8.encode("x")));
      codes.add(shortCode(key, utf8.encode(`x${i}`)));
    }
    expect(codes.size).to.equal(200);
  });

  it("is read as people write it, and nothing else is", () => {
    expect(formatShortCode("01234567")).to.equal("0123 4567");
    for (const text of ["01234567", "0123 4567", " 0123-4567 ", "01 23 45 67"]) {
      expect(parseShortCode(text)).to.equal("01234567");
    }
    for (const text of ["", "1234567", "123456789", "1234567a", "１２３４５６７８"]) {
      expect(refusalFrom(() => parseShortCode(text)).code, text).to.equal("malformed");
    }
  });

  it("is the same as itself alone", () => {
    expect(isSameCode("01234567", "01234567")).to.equal(true);
    for (const other of ["01234568", "11234567", "0123456", "012345670", ""]) {
      expect(isSameCode(other, "01234567"), other).to.equal(false);
    }
  });
});

function chiSquared(counts: Uint32Array, draws: number): number {
  const expected = draws / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
