/** What a wallet is set up with, and the number by which people compare the authority's key. */
import { expect } from "chai";
import {
  checkNumber,
  type NetworkFacts,
  parseNetworkFacts,
} from "../../../device/web/network-facts.ts";
import { refused } from "../support/refused.ts";

const facts: NetworkFacts = {
  networkId: `0x${"11".repeat(32)}`,
  member: 1,
  name: "Bank of Aldermoor",
  currency: { code: "EUR", digits: 2 },
  trustKey: `0x02${"22".repeat(32)}`,
  receiptLifeS: 604_800,
};

describe("what a wallet is set up with", () => {
  it("is read as the gateway says it", () => {
    expect(parseNetworkFacts(JSON.parse(JSON.stringify(facts)))).to.deep.equal(facts);
  });

  it("is refused with what is missing, wrong or too much", async () => {
    const wrong = [
      null,
      { ...facts, member: 0 },
      { ...facts, trustKey: "0x02" },
      { ...facts, currency: { code: "EUR" } },
      { ...facts, name: "x".repeat(33) },
      { ...facts, more: 1 },
    ];
    for (const value of wrong) {
      const take = async () => parseNetworkFacts(value);
      await refused("malformed", take());
    }
  });

  it("has a check number of thirty digits that is another for another key or network", () => {
    const number = checkNumber(facts);
    expect(number).to.match(/^(\d{5} ){5}\d{5}$/);
    expect(checkNumber({ ...facts, trustKey: `0x03${"22".repeat(32)}` })).to.not.equal(number);
    expect(checkNumber({ ...facts, networkId: `0x${"12".repeat(32)}` })).to.not.equal(number);
    expect(checkNumber({ ...facts, name: "Another name" })).to.equal(number);
  });
});
