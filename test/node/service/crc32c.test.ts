import { expect } from "chai";
import { crc32c } from "../../../node/service/crc32c.ts";

describe("crc32c", () => {
  // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  for (const [name, bytes, sum] of [
    ["32 bytes of zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["32 bytes ascending", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["32 bytes descending", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ["123456789", Buffer.from("123456789"), 0xe3069283],
    ["nothing", new Uint8Array(0), 0],
  ] as const) {
    it(`gives the published sum of ${name}`, () => {
      expect(crc32c(bytes)).to.equal(sum);
    });
  }

  it("takes a part of the bytes at any alignment", () => {
    const bytes = Buffer.from("xxxxx123456789yyy");
    for (let shift = 0; shift < 5; shift++) {
      expect(crc32c(bytes.subarray(shift), 5 - shift, 14 - shift)).to.equal(0xe3069283);
    }
  });
});
