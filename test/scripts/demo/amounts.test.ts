/** The demo's amounts: whatever the seed, every payment is covered and within what devices may do. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { drawAmounts, GUARANTEE } from "../../../scripts/demo/amounts.ts";

/** What the gateways allow a purse of software: payments are below the first, and it holds the guarantee at most. */
const MAX_PAYMENT = 200_00n;
const MAX_BALANCE = GUARANTEE;

describe("the demo's amounts", () => {
  it("are the same for the same seed, and others for another", () => {
    assert.deepEqual(drawAmounts("7"), drawAmounts("7"));
    assert.notDeepEqual(drawAmounts("7"), drawAmounts("8"));
  });

  it("cover every payment whatever the seed, and stay within what purses may pay and hold", () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const all = drawAmounts(seed);
        const { counter, loadA, loadB, order, aToB, bToC, aToD, redeem, burn, doubled, passedOn } =
          all;
        const payments = [aToB, bToC, aToD, redeem, doubled, passedOn];
        for (const amount of payments) assert.ok(amount > 0n && amount < MAX_PAYMENT);
        assert.ok(loadA <= counter && loadB + order <= counter);
        // The vault of member 1 makes A's two loads; that of member 2 makes B's, pays B's order and is burnt from.
        assert.ok(loadA + doubled <= all.deposits[1]!);
        assert.ok(loadB + order + burn <= all.deposits[2]!);
        // One euro is left to the cheat, to be offered to one who knows better by then.
        assert.ok(aToB + aToD + 1_00n <= loadA);
        assert.ok(bToC > loadB && bToC <= loadB + aToB, "B pays from what A has paid it");
        assert.ok(redeem < bToC && passedOn < doubled);
        const ofA = loadA - aToB - aToD + doubled;
        for (const held of [loadA, ofA, loadB + aToB + doubled, bToC + passedOn, aToD + doubled])
          assert.ok(held <= MAX_BALANCE);
        assert.ok(doubled <= GUARANTEE && 2n * doubled > GUARANTEE, "a third record is a case");
      }),
      { numRuns: 1_000 },
    );
  });
});
