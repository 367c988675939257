/** The coins a load should come in, and what they are worth over days offline. */
import { expect } from "chai";
import fc from "fast-check";
import { suggestParts } from "../../device/denominations.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { measureDays, partsOfOne } from "../../scripts/bench/day.ts";

const amount = fc.oneof(fc.bigInt(1n, 300n), fc.bigInt(1n, AMOUNT_MAX / 2n));

describe("the coins of a load", () => {
  it("are several that each suffice for a usual payment [R-051]", () => {
    const parts = [2000n, 1000n, 1000n, 2000n, 1000n, 1000n, 2000n, 1000n, 1000n, 2000n, 1000n];
    expect(suggestParts(0n, 15_000n)).to.deep.equal(parts);
  });

  it("are cut for the purse that will be, not for the load alone: a top-up matches what is there", () => {
    expect(suggestParts(9000n, 6000n)).to.deep.equal([2000n, 1000n, 1000n, 2000n]);
    expect(suggestParts(0n, 6000n)[0]).to.equal(1000n);
  });

  it("add up to the load, are at most fifteen, and none is nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(0n), amount), amount, (held, loaded) => {
        const parts = suggestParts(held, loaded);
        expect(parts.reduce((sum, part) => sum + part)).to.equal(loaded);
        expect(parts.length).to.be.within(1, 15);
        expect(parts.every((part) => part > 0n)).to.equal(true);
      }),
    );
  });

  it("keep ancestry short on days offline: nine payments in ten need none [R-051, N-01]", async () => {
    const people = { people: 8, days: 3, paymentsEach: 6, seed: 23 };
    const whole = await measureDays({ ...people, partsOf: partsOfOne });
    const cut = await measureDays({ ...people, partsOf: suggestParts });
    expect(cut.direct).to.be.above(0.9);
    expect(whole.direct).to.be.below(0.6);
    expect(cut.meanBytes).to.be.below(whole.meanBytes * 0.85);
    expect(cut.refused).to.be.at.most(whole.refused);
  });
});
