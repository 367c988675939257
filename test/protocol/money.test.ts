/** Money as people write it, as JSON carries it, and as it is counted. */
import { expect } from "chai";
import fc from "fast-check";
import {
  AMOUNT_MAX,
  type Currency,
  formatAmount,
  parseAmount,
  parseMinorUnits,
} from "../../protocol/money.ts";
import { refusalFrom } from "./support/vectors.ts";

const euro: Currency = { code: "EUR", digits: 2 };
const yen: Currency = { code: "JPY", digits: 0 };
const dinar: Currency = { code: "KWD", digits: 3 };

describe("money", () => {
  it("is parsed to the last minor unit", () => {
    expect(parseAmount("12.34", euro)).to.equal(1234n);
    expect(parseAmount("12.3", euro)).to.equal(1230n);
    expect(parseAmount("12", euro)).to.equal(1200n);
    expect(parseAmount("0.01", euro)).to.equal(1n);
    expect(parseAmount("0", euro)).to.equal(0n);
    expect(parseAmount("12", yen)).to.equal(12n);
    expect(parseAmount("0.001", dinar)).to.equal(1n);
    expect(parseAmount("184467440737095516.15", euro)).to.equal(AMOUNT_MAX);
    expect(parseAmount("18446744073709551615", yen)).to.equal(AMOUNT_MAX);
  });

  it("is refused, never rounded, when it has more digits than the currency", () => {
    for (const [text, currency] of [
      ["12.345", euro],
      ["12.340", euro],
      ["12.0", yen],
      ["0.0001", dinar],
    ] as const) {
      const refusal = refusalFrom(() => parseAmount(text, currency));
      expect(refusal.code).to.equal("malformed");
      expect(refusal.message).to.contain(currency.code);
    }
  });

  it("is refused in any other form, and above 2^64 - 1", () => {
    const texts = [
      "",
      " 1",
      "1 ",
      "-1",
      "+1",
      ".5",
      "1.",
      "1,5",
      "1e3",
      "0x10",
      "١٢",
      "1.2.3",
      "NaN",
    ];
    for (const text of [...texts, "184467440737095516.16", "9".repeat(20), "1".repeat(21)]) {
      expect(refusalFrom(() => parseAmount(text, euro)).code, text).to.equal("malformed");
    }
  });

  it("is written with thousands, all digits of the currency, and a sign where a position has one", () => {
    expect(formatAmount(123_450n, euro)).to.equal("1,234.50 EUR");
    expect(formatAmount(5n, euro)).to.equal("0.05 EUR");
    expect(formatAmount(0n, euro)).to.equal("0.00 EUR");
    expect(formatAmount(-5n, euro)).to.equal("-0.05 EUR");
    expect(formatAmount(1_000_000n, yen)).to.equal("1,000,000 JPY");
    expect(formatAmount(AMOUNT_MAX, euro)).to.equal("184,467,440,737,095,516.15 EUR");
  });

  it("is the same when what was written is parsed again", () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, AMOUNT_MAX),
        fc.constantFrom(euro, yen, dinar),
        (amount, currency) => {
          const [text = ""] = formatAmount(amount, currency).split(" ");
          expect(parseAmount(text.replaceAll(",", ""), currency)).to.equal(amount);
        },
      ),
    );
  });

  it("travels in JSON as decimal minor units, in one form only", () => {
    expect(parseMinorUnits("0")).to.equal(0n);
    expect(parseMinorUnits("18446744073709551615")).to.equal(AMOUNT_MAX);
    for (const text of ["", "00", "01", "-1", "1.0", "1e3", " 1", "18446744073709551616", "0x1"]) {
      expect(refusalFrom(() => parseMinorUnits(text)).code, text).to.equal("malformed");
    }
  });
});
