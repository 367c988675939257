/** Which coins pay. */
import { expect } from "chai";
import fc from "fast-check";
import { selectCoins, type SelectionLimits, type Spendable } from "../../device/selection.ts";
import { Refusal, type RefusalCode } from "../../protocol/refusal.ts";

const limits: SelectionLimits = { maxDepth: 3, now: 100, waiting: 0n };

function coin(amount: bigint, depth = 0, goodUntil = 200): Spendable {
  const name = `${amount}/${depth}/${goodUntil}`;
  return {
    outpoint: `0x${Buffer.from(name).toString("hex").padEnd(66, "0")}`,
    amount,
    depth,
    goodUntil,
  };
}

/** The amounts that were chosen. */
function choose(
  coins: readonly Spendable[],
  amount: bigint,
  changed: Partial<SelectionLimits> = {},
) {
  const chosen = selectCoins(coins, amount, { ...limits, ...changed });
  return coins.filter(({ outpoint }) => chosen.includes(outpoint)).map((each) => each.amount);
}

function refusedFor(coins: readonly Spendable[], amount: bigint, changed = {}): RefusalCode {
  try {
    selectCoins(coins, amount, { ...limits, ...changed });
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  throw new Error("coins were chosen");
}

describe("selection", () => {
  it("pays with the smallest coin that suffices [R-105]", () => {
    expect(choose([coin(100n), coin(20n), coin(50n)], 20n)).to.deep.equal([20n]);
    expect(choose([coin(100n), coin(20n), coin(50n)], 21n)).to.deep.equal([50n]);
  });

  it("puts the largest together where none suffices, and leaves out what is not needed", () => {
    expect(choose([coin(50n), coin(20n), coin(40n), coin(1n)], 90n)).to.deep.equal([50n, 40n]);
    expect(choose([coin(50n), coin(20n), coin(40n), coin(1n)], 91n)).to.deep.equal([50n, 40n, 1n]);
  });

  it("takes coins with receipts before others, and shallow ones before deep ones", () => {
    const coins = [coin(30n, 2), coin(30n, 1), coin(31n)];
    expect(choose(coins, 10n)).to.deep.equal([31n]);
    expect(selectCoins(coins.slice(0, 2), 10n, limits)).to.deep.equal([coins[1]!.outpoint]);
    expect(choose(coins.slice(0, 2), 60n)).to.deep.equal([30n, 30n]);
  });

  it("never mixes coins with and without receipts: it asks for a sync", () => {
    expect(refusedFor([coin(30n), coin(30n, 1)], 60n)).to.equal("sync-needed");
  });

  it("says why nothing can be chosen, and what would help", () => {
    expect(refusedFor([coin(30n)], 31n)).to.equal("insufficient-funds");
    expect(refusedFor([coin(30n, 4)], 30n)).to.equal("over-depth-limit");
    expect(refusedFor([coin(30n, 0, 100)], 30n)).to.equal("expired");
    expect(refusedFor([coin(30n)], 31n, { waiting: 1n })).to.equal("sync-needed");
    const many = Array.from({ length: 17 }, (_, i) => coin(1n, 0, 200 + i));
    expect(refusedFor(many, 17n)).to.equal("too-many-coins");
    expect(choose(many, 16n)).to.have.length(16);
  });

  it("covers the amount whenever coins of one sort can, with at most 16, ascending, none of them idle", () => {
    const coins = fc.uniqueArray(
      fc.record({
        amount: fc.bigInt(1n, 50n),
        depth: fc.nat(4),
        goodUntil: fc.constantFrom(50, 200),
      }),
      {
        maxLength: 24,
        selector: ({ amount, depth, goodUntil }) => `${amount}/${depth}/${goodUntil}`,
      },
    );
    fc.assert(
      fc.property(coins, fc.bigInt(1n, 400n), (rows, amount) => {
        const held = rows.map(({ amount: value, depth, goodUntil }) =>
          coin(value, depth, goodUntil),
        );
        const usable = held.filter((each) => each.depth <= 3 && each.goodUntil > 100);
        let chosen: string[];
        try {
          chosen = selectCoins(held, amount, limits);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          const sorts = [usable.filter((c) => c.depth === 0), usable.filter((c) => c.depth > 0)];
          for (const sort of sorts) {
            const best = sort
              .map((c) => c.amount)
              .sort((a, b) => Number(b - a))
              .slice(0, 16);
            expect(best.reduce((sum, value) => sum + value, 0n) < amount).to.equal(true);
          }
          return;
        }
        const picked = usable.filter(({ outpoint }) => chosen.includes(outpoint));
        const sum = picked.reduce((total, each) => total + each.amount, 0n);
        expect(picked).to.have.length(chosen.length);
        expect(chosen.length).to.be.within(1, 16);
        expect(chosen).to.deep.equal(chosen.toSorted());
        expect(sum >= amount).to.equal(true);
        expect(picked.every((each) => sum - each.amount < amount)).to.equal(true);
        expect(new Set(picked.map((each) => each.depth === 0)).size).to.equal(1);
      }),
    );
  });
});
