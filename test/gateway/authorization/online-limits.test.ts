/** A customer's own limits of online payments. */
import { expect } from "chai";
import { checkOnlineLimits, dayOf } from "../../../gateway/authorization/online-limits.ts";
import { refusalFrom } from "../../protocol/support/vectors.ts";

const codeOf = (limits: object, amount: bigint, spent: bigint) =>
  refusalFrom(() => checkOnlineLimits(limits, amount, spent)).code;

describe("limits of online payments", () => {
  it("refuse a payment above that of one payment [R-143]", () => {
    checkOnlineLimits({ perPayment: 500n }, 500n, 9_000n);
    expect(codeOf({ perPayment: 500n }, 501n, 0n)).to.equal("over-online-limit");
  });

  it("refuse a payment that would exceed that of the day [R-144]", () => {
    checkOnlineLimits({ perDay: 900n }, 400n, 500n);
    expect(codeOf({ perDay: 900n }, 401n, 500n)).to.equal("over-online-limit");
  });

  it("are each alone or both, or none [R-143, R-144]", () => {
    checkOnlineLimits({}, 10n ** 15n, 10n ** 15n);
    const both = { perPayment: 500n, perDay: 900n };
    checkOnlineLimits(both, 400n, 500n);
    expect(codeOf(both, 501n, 0n)).to.equal("over-online-limit");
    expect(codeOf(both, 500n, 401n)).to.equal("over-online-limit");
  });

  it("count by days of UTC [R-144]", () => {
    const midnight = Date.UTC(2027, 0, 1);
    expect(dayOf(midnight)).to.equal(dayOf(midnight - 1) + 1);
    expect(dayOf(midnight + 86_399_999)).to.equal(dayOf(midnight));
  });
});
