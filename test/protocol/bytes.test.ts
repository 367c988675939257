/** Readers and writers: the bytes of every width, and what is refused with field and offset. */
import { expect } from "chai";
import fc from "fast-check";
import {
  compareBytes,
  concat,
  equalBytes,
  fromHex,
  type Hex,
  isZero,
  Reader,
  toHex,
  utf8,
  Writer,
} from "../../protocol/bytes.ts";
import { refusalFrom } from "./support/vectors.ts";

const anyBytes = fc.uint8Array({ maxLength: 40 });

describe("a reader and a writer", () => {
  it("write what hexadecimal digits name as they write its bytes, and nothing else", () => {
    const sized = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(sized, sized, (before, bytes) => {
        const written = new Writer(1).put(before).hex(toHex(bytes), bytes.length).u8(7).done();
        expect(toHex(written)).to.equal(toHex(concat(before, bytes, Uint8Array.of(7))));
      }),
    );
    const writer = new Writer();
    for (const text of ["0xAB", "0xa", "0xzz", "ab"])
      expect(refusalFrom(() => writer.hex(text as Hex, 1)).code, text).to.equal("malformed");
    for (const text of ["0x", "0xabcd"] as const)
      expect(() => writer.hex(text, 1)).to.throw(RangeError, "where 1 belong");
  });

  it("are each other's reverse, big-endian, for every kind of field", () => {
    const fields = fc.record({
      u8: fc.nat(0xff),
      u16: fc.nat(0xffff),
      u32: fc.nat(0xffff_ffff),
      u64: fc.bigInt(0n, 2n ** 64n - 1n),
      safe: fc.maxSafeNat(),
      short: anyBytes,
      long: anyBytes,
      wide: anyBytes,
      fixed: fc.uint8Array({ minLength: 5, maxLength: 5 }),
    });
    fc.assert(
      fc.property(fields, (any) => {
        const bytes = new Writer(1)
          .u8(any.u8)
          .u16(any.u16)
          .u32(any.u32)
          .u64(any.u64)
          .safe(any.safe)
          .short(any.short)
          .long(any.long)
          .wide(any.wide)
          .fixed(any.fixed, 5)
          .done();
        const reader = new Reader(bytes);
        expect(reader.u8("a")).to.equal(any.u8);
        expect(reader.u16("b")).to.equal(any.u16);
        expect(reader.u32("c")).to.equal(any.u32);
        expect(reader.u64("d")).to.equal(any.u64);
        expect(reader.safe("e")).to.equal(any.safe);
        expect(toHex(reader.short(40, "f"))).to.equal(toHex(any.short));
        expect(toHex(reader.long(40, "g"))).to.equal(toHex(any.long));
        expect(toHex(reader.wide(40, "h"))).to.equal(toHex(any.wide));
        expect(toHex(reader.take(5, "i"))).to.equal(toHex(any.fixed));
        reader.end("structure");
      }),
    );
    expect(
      toHex(
        new Writer()
          .u16(1)
          .u32(2)
          .u64(3n)
          .safe(2 ** 53 - 1)
          .done(),
      ),
    ).to.equal("0x0001000000020000000000000003001fffffffffffff");
  });

  it("refuse what is too short, too long or left over, and name the field and its offset", () => {
    const place = (act: (reader: Reader) => unknown, bytes: Uint8Array) => {
      const reader = new Reader(bytes);
      reader.u8("first");
      const refusal = refusalFrom(() => act(reader));
      expect(refusal.code).to.equal("malformed");
      return refusal.place;
    };
    const three = Uint8Array.of(0, 9, 9);
    const second = { field: "second", offset: 1 };
    expect(place((r) => r.u32("second"), three)).to.deep.equal(second);
    expect(place((r) => r.u64("second"), three)).to.deep.equal(second);
    expect(place((r) => r.safe("second"), three)).to.deep.equal(second);
    expect(place((r) => r.take(3, "second"), three)).to.deep.equal(second);
    expect(place((r) => r.short(8, "second"), three)).to.deep.equal(second);
    expect(place((r) => r.long(8, "second"), three)).to.deep.equal(second);
    expect(place((r) => r.wide(8, "second"), three)).to.deep.equal(second);
    expect(place((r) => r.short(9, "second"), three)).to.deep.equal({ field: "second", offset: 2 });
    expect(place((r) => r.count(1, 0, 8, "second"), three)).to.deep.equal(second);
    expect(place((r) => r.count(1, 10, 20, "second"), three)).to.deep.equal(second);
    expect(place((r) => r.text(2, "second"), Uint8Array.of(0, 1, 0xff))).to.deep.equal(second);
    expect(place((r) => r.end("whole"), three)).to.deep.equal({ field: "whole", offset: 1 });
  });

  it("refuse counts and times from 2^53 on", () => {
    const bytes = (value: bigint) => new Writer(8).u64(value).done();
    expect(new Reader(bytes(2n ** 53n - 1n)).safe("time")).to.equal(Number.MAX_SAFE_INTEGER);
    for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      const refusal = refusalFrom(() => new Reader(bytes(value)).safe("time"));
      expect(refusal.place).to.deep.equal({ field: "time", offset: 0 });
    }
  });

  it("write no number that does not fit: that is our own bug, not an input's", () => {
    const writer = new Writer();
    for (const act of [
      () => writer.u8(256),
      () => writer.u8(-1),
      () => writer.u16(0x1_0000),
      () => writer.u32(2 ** 32),
      () => writer.u32(1.5),
      () => writer.u64(-1n),
      () => writer.u64(2n ** 64n),
      () => writer.safe(2 ** 53),
      () => writer.safe(Number.NaN),
      () => writer.fixed(new Uint8Array(3), 4),
      () => writer.short(new Uint8Array(256)),
      () => writer.long(new Uint8Array(65_536)),
    ]) {
      expect(act).to.throw(RangeError);
    }
    expect(writer.done()).to.have.length(0);
  });

  it("keep what was written when a writer grows, and hand out bytes of their own", () => {
    const writer = new Writer(1);
    for (let i = 0; i < 1000; i++) writer.u16(i);
    const bytes = writer.done();
    writer.u8(1);
    expect(bytes).to.have.length(2000);
    const reader = new Reader(bytes);
    for (let i = 0; i < 1000; i++) expect(reader.u16("n")).to.equal(i);
  });
});

describe("bytes", () => {
  it("are written in hexadecimal in one form only", () => {
    fc.assert(fc.property(anyBytes, (bytes) => equalBytes(fromHex(toHex(bytes)), bytes)));
    for (const text of ["", "0", "0x0", "00", "0xAB", "0xgg", " 0x00", "0x00 ", "0X00"]) {
      expect(refusalFrom(() => fromHex(text)).code, text).to.equal("malformed");
    }
    expect(refusalFrom(() => fromHex("0x00", 2, "id")).message).to.contain("id has 1 bytes, not 2");
  });

  it("are ordered as unsigned numbers, as their hexadecimal is", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        const [x, y] = [toHex(a), toHex(b)];
        expect(Math.sign(compareBytes(a, b))).to.equal(x < y ? -1 : x > y ? 1 : 0);
        expect(equalBytes(a, b)).to.equal(x === y);
      }),
    );
  });

  it("are joined in order, and known to be zero or not", () => {
    expect(toHex(concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)))).to.equal(
      "0x010203",
    );
    expect(isZero(new Uint8Array(5))).to.equal(true);
    expect(isZero(Uint8Array.of(0, 0, 1))).to.equal(false);
    expect(isZero(new Uint8Array())).to.equal(true);
  });

  it("are text only if they are UTF-8, and the same bytes come out of the text again", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        let text: string;
        try {
          text = utf8.decode(bytes, "text", 7);
        } catch {
          const refusal = refusalFrom(() => utf8.decode(bytes, "text", 7));
          expect(refusal.place).to.deep.equal({ field: "text", offset: 7 });
          return;
        }
        expect(toHex(utf8.encode(text))).to.equal(toHex(bytes));
      }),
      { numRuns: 2000 },
    );
    const marked = Uint8Array.of(0xef, 0xbb, 0xbf, 0x41);
    expect(toHex(utf8.encode(utf8.decode(marked, "text")))).to.equal(toHex(marked));
  });
});
