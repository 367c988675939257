/** How loads are cut into coins, and which coins of the vault pay for them. */
import { expect } from "chai";
import fc from "fast-check";
import { denominate } from "../../protocol/denominations.ts";
import { pickCoins, pickSmallest, sumOf, type VaultCoin } from "../../gateway/coin-picking.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import { randomOutpoint } from "../support/leaves.ts";

const amount = fc.oneof(fc.bigInt(1n, 200n), fc.bigInt(1n, AMOUNT_MAX), fc.constant(AMOUNT_MAX));

describe("denominations", () => {
  it("cuts 100.00 as the documentation shows [R-051]", () => {
    const parts = [5000n, 2000n, 1000n, 1000n, 500n, 200n, 100n, 100n, 50n, 50n];
    expect(denominate(10_000n, 10, 10n)).to.deep.equal(parts);
  });

  it("adds up, keeps to the number of coins and to the smallest [R-051]", () => {
    fc.assert(
      fc.property(
        amount,
        fc.integer({ min: 1, max: 15 }),
        fc.bigInt(1n, 1000n),
        (sum, most, least) => {
          const parts = denominate(sum, most, least);
          expect(parts.reduce((total, part) => total + part)).to.equal(sum);
          expect(parts.length).to.be.within(1, most);
          expect(parts.slice(0, -1).every((part) => part >= (sum < least ? sum : least))).to.equal(
            true,
          );
          const isLadder = (part: bigint) => /^[125]0*$/.test(String(part));
          expect(parts.filter((part) => !isLadder(part)).length).to.be.at.most(1);
        },
      ),
    );
  });

  it("stops at the smallest denomination, however many coins there may be", () => {
    const parts = denominate(10_000n, 15, 10n);
    expect(parts).to.have.length(13);
    expect(parts.at(-1)).to.equal(10n);
  });
});

describe("picking coins of the vault", () => {
  const coin = (value: bigint, isConfirmed = true): VaultCoin => ({
    outpoint: randomOutpoint(),
    amount: value,
    isConfirmed,
  });
  const amounts = (coins: readonly VaultCoin[]) => coins.map((each) => each.amount);

  it("takes the smallest coin that is enough", () => {
    const coins = [coin(500n), coin(100n), coin(120n), coin(50n)];
    expect(amounts(pickCoins(coins, 101n))).to.deep.equal([120n]);
  });

  it("takes the largest together if no coin is enough", () => {
    const coins = [coin(5n), coin(40n), coin(30n), coin(20n)];
    expect(amounts(pickCoins(coins, 75n))).to.deep.equal([40n, 30n, 20n]);
  });

  it("takes change that is on its way only if what the ledger has is not enough", () => {
    const change = coin(1000n, false);
    expect(amounts(pickCoins([change, coin(60n), coin(50n)], 100n))).to.deep.equal([60n, 50n]);
    expect(pickCoins([change, coin(60n), coin(30n)], 100n)).to.deep.equal([change]);
  });

  it("says whether the vault holds too little, or in too small coins", () => {
    const small = Array.from({ length: 20 }, () => coin(5n));
    for (const [sum, code] of [
      [101n, "insufficient-funds"],
      [90n, "too-many-coins"],
    ] as const) {
      expect(() => pickCoins(small, sum))
        .to.throw(Refusal)
        .with.property("code", code);
    }
  });

  it("sweeps small coins along once there are many", () => {
    const many = [coin(10_000n), ...Array.from({ length: 80 }, (_, i) => coin(BigInt(i + 1)))];
    const picked = pickCoins(many, 9_000n);
    expect(amounts(picked)).to.deep.equal([
      10_000n,
      ...Array.from({ length: 15 }, (_, i) => BigInt(i + 1)),
    ]);
  });

  it("never picks a coin twice, nor more than sixteen, nor more than change can hold", () => {
    const coins = fc.array(fc.tuple(amount, fc.boolean()), { maxLength: 90 });
    fc.assert(
      fc.property(coins, amount, (values, sum) => {
        const vault = values.map(([value, isConfirmed]) => coin(value, isConfirmed));
        let picked: VaultCoin[];
        try {
          picked = pickCoins(vault, sum);
        } catch (error) {
          expect(isRefusal(error)).to.equal(true);
          const largest = vault.map((each) => each.amount).sort((a, b) => (a < b ? 1 : -1));
          const most = largest.slice(0, 16).reduce((total, value) => total + value, 0n);
          expect(most < sum).to.equal(true);
          return;
        }
        expect(picked.length).to.be.within(1, 16);
        expect(new Set(picked).size).to.equal(picked.length);
        expect(sumOf(picked) >= sum).to.equal(true);
        expect(sumOf(picked) - sum <= AMOUNT_MAX).to.equal(true);
      }),
    );
  });

  it("merges no more than one coin can hold", () => {
    const merged = pickSmallest([coin(AMOUNT_MAX), coin(1n), coin(AMOUNT_MAX - 1n)]);
    expect(amounts(merged)).to.deep.equal([1n, AMOUNT_MAX - 1n]);
  });
});
