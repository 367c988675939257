import { expect } from "chai";
import fc from "fast-check";
import {
  type Command,
  decodeCommand,
  decodeResponse,
  encodeCommand,
  encodeResponse,
} from "../../../device/nfc/apdu.ts";
import { refusedCode, refusedWord } from "../../../device/nfc/status-words.ts";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { type RefusalCode, refusalCodes } from "../../../protocol/refusal.ts";

const header = { cla: 0x80, ins: 0x22, p1: 0, p2: 0 };

/** `length` bytes of 07. */
const sevens = (length: number) => new Uint8Array(length).fill(7);

describe("an APDU", () => {
  // The cases of ISO/IEC 7816-3, 12.1.3.
  const cases: readonly [string, Partial<Command>, string][] = [
    ["case 1", {}, "80220000"],
    ["case 2, short", { expected: 3 }, "8022000003"],
    ["case 2, all a short one gives", { expected: 256 }, "8022000000"],
    ["case 3, short", { data: sevens(2) }, "80220000020707"],
    ["case 4, short", { data: sevens(2), expected: 256 }, "8022000002070700"],
    ["case 2, extended", { expected: 257 }, "80220000000101"],
    ["case 2, all there is", { expected: 65_536 }, "80220000000000"],
    ["case 3, extended", { data: sevens(256) }, `80220000000100${"07".repeat(256)}`],
    ["case 4, extended", { data: sevens(1), expected: 65_536 }, "80220000000001070000"],
  ];
  for (const [name, fields, hex] of cases) {
    it(`is encoded and decoded as ${name}`, () => {
      const command = { ...header, data: sevens(0), expected: 0, ...fields };
      expect(toHex(encodeCommand(command))).to.equal(`0x${hex}`);
      expect(decodeCommand(fromHex(`0x${hex}`))).to.deep.equal(command);
    });
  }

  it("gives any command and response back", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const command = fc.record({
      cla: byte,
      ins: byte,
      p1: byte,
      p2: byte,
      data: fc.uint8Array({ maxLength: 600 }),
      expected: fc.integer({ min: 0, max: 65_536 }),
    });
    fc.assert(
      fc.property(command, (each) => {
        expect(decodeCommand(encodeCommand(each))).to.deep.equal(each);
      }),
    );
    const response = fc.record({ data: fc.uint8Array(), sw: fc.integer({ min: 0, max: 0xffff }) });
    fc.assert(
      fc.property(response, (each) => {
        expect(decodeResponse(encodeResponse(each))).to.deep.equal(each);
      }),
    );
  });

  for (const [problem, hex] of [
    ["less than a header", "802200"],
    ["data that end early", "802200000507"],
    ["data that go on", "80220000010707aa"],
    ["no data at extended length", "8022000000000007"],
    ["extended data that end early", "802200000001ff07"],
  ] as const) {
    it(`is refused for ${problem}`, () => {
      expect(() => decodeCommand(fromHex(`0x${hex}`)))
        .to.throw()
        .with.property("code", "malformed");
    });
  }

  it("has no response of one byte", () => {
    expect(() => decodeResponse(Uint8Array.of(0x90)))
      .to.throw()
      .with.property("code", "malformed");
  });
});

describe("a status word", () => {
  it("is another for each refusal, and says which", () => {
    const codes = Object.keys(refusalCodes) as RefusalCode[];
    expect(codes.map((code) => refusedCode(refusedWord(code)))).to.deep.equal(codes);
    for (const sw of [0x9000, 0x6100, 0x9aff, 0x9b01]) expect(refusedCode(sw)).to.equal(undefined);
  });
});
