/** The bounds that attacks are held against: what follows from policy, and that a loss above them is seen. */
import assert from "node:assert/strict";
import { areWithin, type Books, lossesOf, type Policy } from "../../../scripts/attack/books.ts";

const policy: Policy = {
  guarantees: new Map([
    [1, 1_000n],
    [2, 600n],
  ]),
  penaltyPercent: 200,
};
const before: Books = {
  bonds: new Map([
    [1, 10_000n],
    [2, 10_000n],
  ]),
  shortfall: 0n,
};
const bonds = (first: bigint, second: bigint): Books => ({
  ...before,
  bonds: new Map([
    [1, first],
    [2, second],
  ]),
});

describe("the bounds of an attack", () => {
  it("let a bank lose what its devices doubled up to the guarantee, and the penalty on it, and no one else anything [N-24]", () => {
    const cheats = [
      { bank: 1, losers: 1, amount: 100n, lost: 90n },
      { bank: 2, losers: 3, amount: 300n, lost: 900n },
    ];
    const losses = lossesOf(policy, { cheats }, before, bonds(9_730n, 8_200n), 0n);
    assert.deepEqual(losses, {
      payees: { loss: 0n, bound: 300n },
      bank: { loss: 2_070n, bound: 270n + 1_800n },
      others: { loss: 0n, bound: 0n },
      authority: { loss: 0n, bound: 0n },
    });
    assert.ok(areWithin(losses));
    const more = lossesOf(policy, { cheats }, before, bonds(9_729n, 8_200n), 0n);
    assert.ok(!areWithin(more));
  });

  it("let payees miss what is above the guarantee, in whole payments, and not one unit more [N-24]", () => {
    const cheats = [{ bank: 1, losers: 5, amount: 300n, lost: 1_500n }];
    const losses = (missing: bigint) => lossesOf(policy, { cheats }, before, before, missing);
    assert.equal(losses(600n).payees.bound, 600n);
    assert.ok(areWithin(losses(600n)));
    assert.ok(!areWithin(losses(601n)));
  });

  it("let a bank lose what it promised falsely, and with the penalty what a regulator ruled above the guarantee", () => {
    const cheats = [{ bank: 1, losers: 4, amount: 300n, lost: 1_200n }];
    const rulings = [{ bank: 1, amount: 300n }];
    const promises = [{ bank: 2, amount: 50n, taken: 80n }];
    const { bank, payees } = lossesOf(
      policy,
      { cheats, rulings, promises },
      before,
      bonds(6_100n, 9_950n),
      0n,
    );
    assert.deepEqual(bank, { loss: 3_950n, bound: 3_000n + 900n + 50n });
    assert.ok(bank.loss <= bank.bound);
    assert.equal(payees.bound, 300n + 30n);
  });

  it("see a bank that pays for another's device, and contracts that owe what they have not", () => {
    const cheats = [{ bank: 1, losers: 1, amount: 100n, lost: 100n }];
    const other = lossesOf(policy, { cheats }, before, bonds(10_000n, 9_999n), 0n);
    assert.deepEqual(other.others, { loss: 1n, bound: 0n });
    assert.ok(!areWithin(other));
    const short = lossesOf(policy, { cheats }, before, { ...before, shortfall: 1n }, 0n);
    assert.deepEqual(short.authority, { loss: 1n, bound: 0n });
    assert.ok(!areWithin(short));
  });
});
