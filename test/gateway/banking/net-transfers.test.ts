/** Net positions as payments: they come to the positions, are few, and the same for whoever works them out. */
import { expect } from "chai";
import fc from "fast-check";
import { netTransfers, type Position } from "../../../gateway/banking/net-transfers.ts";

const positions = fc
  .uniqueArray(
    fc.tuple(fc.integer({ min: 1, max: 65_535 }), fc.bigInt(-(10n ** 15n), 10n ** 15n)),
    {
      selector: ([member]) => member,
      minLength: 1,
      maxLength: 20,
    },
  )
  .map((rows): Position[] => {
    const sum = rows.slice(1).reduce((total, [, delta]) => total + delta, 0n);
    return rows.map(([member, delta], i) => ({ member, delta: i === 0 ? -sum : delta }));
  });

describe("net transfers", () => {
  it("bring every member from its position to zero, with fewer payments than members", () => {
    fc.assert(
      fc.property(positions, (all) => {
        const transfers = netTransfers(all);
        const left = new Map(all.map(({ member, delta }) => [member, delta]));
        for (const { debtor, creditor, amount } of transfers) {
          expect(amount > 0n).to.equal(true);
          left.set(debtor, left.get(debtor)! + amount);
          left.set(creditor, left.get(creditor)! - amount);
        }
        expect([...left.values()].every((rest) => rest === 0n)).to.equal(true);
        const open = all.filter(({ delta }) => delta !== 0n).length;
        expect(transfers.length).to.be.at.most(Math.max(open - 1, 0));
      }),
    );
  });

  it("are the same in whatever order the positions come", () => {
    fc.assert(
      fc.property(positions, fc.infiniteStream(fc.nat()), (all, order) => {
        const shuffled = all
          .map((position) => ({ position, at: order.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ position }) => position);
        expect(netTransfers(shuffled)).to.deep.equal(netTransfers(all));
      }),
    );
  });

  it("are none of positions that do not add up to zero: that is no cycle", () => {
    expect(() => netTransfers([{ member: 1, delta: 1n }])).to.throw("do not add up to zero");
  });
});
