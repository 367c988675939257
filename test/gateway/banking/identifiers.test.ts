/** Identifiers of the banking world: those that are given out are taken, and a slip of the pen is not. */
import { expect } from "chai";
import fc from "fast-check";
import { isBic } from "../../../gateway/banking/bic.ts";
import { isIban } from "../../../gateway/banking/iban.ts";
import { isLei } from "../../../gateway/banking/lei.ts";
import { mod97 } from "../../../gateway/banking/mod97.ts";

/** Examples of the registry of IBANs, and of ISO 13616. */
const ibans = [
  "DE89370400440532013000",
  "GB29NWBK60161331926819",
  "FR1420041010050500013M02606",
  "NO9386011117947",
  "BE68539007547034",
  "CH9300762011623852957",
  "MT84MALT011000012345MTLCAST001S",
  "LC55HEMM000100010012001200023015",
  "SA0380000000608010167519",
  "BR1800360305000010009795493C1",
];
/** Of ISO 17442's registry: GLEIF's own, and those of issuers. */
const leis = ["506700GE1G29325QX363", "5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55"];
const bics = ["DEUTDEFF", "DEUTDEFF500", "NEDSZAJJXXX", "CHASUS33", "1ABCXKPR"];

const digits = (text: string) => String(98 - mod97(`${text}00`)).padStart(2, "0");
const character = fc.integer({ min: 0, max: 35 }).map((value) => value.toString(36).toUpperCase());
const text = (length: number) =>
  fc.array(character, { minLength: length, maxLength: length }).map((all) => all.join(""));

/** A digit for another, or a letter for another: of a letter for a digit the check finds most, not all. */
function isSlip(one: string, other: string): boolean {
  return one !== other && /\d/.test(one) === /\d/.test(other);
}

describe("identifiers", () => {
  it("of ISO's examples are taken: IBAN, BIC, LEI", () => {
    for (const iban of ibans) expect(isIban(iban), iban).to.equal(true);
    for (const bic of bics) expect(isBic(bic), bic).to.equal(true);
    for (const lei of leis) expect(isLei(lei), lei).to.equal(true);
  });

  it("are refused in the wrong length, case or country", () => {
    for (const iban of [
      "",
      "DE8937040044053201300",
      "de89370400440532013000",
      "XX89370400440532013000",
      "DE89 3704 0044 0532 0130 00",
      `${ibans[0]}0`,
    ]) {
      expect(isIban(iban), iban).to.equal(false);
    }
    for (const bic of [
      "",
      "DEUTDEF",
      "DEUTDEFF5",
      "DEUTDEFF50",
      "DEUTQQFF",
      "deutdeff",
      "DEUTD1FF",
      "DEUTDEFF5000",
    ]) {
      expect(isBic(bic), bic).to.equal(false);
    }
    for (const lei of [
      "",
      leis[0]!.toLowerCase(),
      leis[0]!.slice(1),
      `${leis[0]}0`,
      "506700GE1G29325QX3AA",
    ]) {
      expect(isLei(lei), lei).to.equal(false);
    }
  });

  it("refuse check digits that no issuer gives out, though they leave the right remainder", () => {
    // 97 further up or down is the same remainder.
    const low = "DE00370400440532013000".slice(4);
    for (let account = 0; account < 2_000; account++) {
      const rest = `${low.slice(0, -4)}${String(account).padStart(4, "0")}`;
      const given = digits(`${rest}DE`);
      if (given === "97") expect(isIban(`DE00${rest}`)).to.equal(false);
      if (given === "98") expect(isIban(`DE01${rest}`)).to.equal(false);
      if (given === "02") expect(isIban(`DE99${rest}`)).to.equal(false);
      expect(isIban(`DE${given}${rest}`)).to.equal(true);
    }
  });

  it("find every digit or letter taken for another, and every two neighbours that changed places, in an IBAN", () => {
    fc.assert(
      fc.property(text(18), fc.nat(17), character, (rest, at, other) => {
        const iban = `DE${digits(`${rest}DE`)}${rest}`;
        expect(isIban(iban)).to.equal(true);
        const changed = `${rest.slice(0, at)}${other}${rest.slice(at + 1)}`;
        if (isSlip(rest[at]!, other)) expect(isIban(iban.slice(0, 4) + changed)).to.equal(false);
        const swapped = `${rest.slice(0, at)}${rest[at + 1] ?? ""}${rest[at]}${rest.slice(at + 2)}`;
        const next = rest[at + 1];
        if (next !== undefined && isSlip(rest[at]!, next)) {
          expect(isIban(iban.slice(0, 4) + swapped)).to.equal(false);
        }
      }),
    );
  });

  it("find every digit or letter taken for another in an LEI", () => {
    fc.assert(
      fc.property(text(18), fc.nat(17), character, (entity, at, other) => {
        const check = digits(entity);
        expect(isLei(entity + check)).to.equal(true);
        const changed = `${entity.slice(0, at)}${other}${entity.slice(at + 1)}`;
        if (isSlip(entity[at]!, other)) expect(isLei(changed + check)).to.equal(false);
      }),
    );
  });

  it("agree with the remainder that long division finds", () => {
    fc.assert(
      fc.property(text(30), (all) => {
        const number = Array.from(all, (each) => Number.parseInt(each, 36)).join("");
        expect(mod97(all)).to.equal(Number(BigInt(number) % 97n));
      }),
    );
  });
});
