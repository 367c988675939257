/** Ways out of a bond: what a bank does to have its bond back without waiting, and what it gets. */
import { expect } from "chai";
import { lock } from "../../protocol/output.ts";
import { defaultParameters, START } from "../../scripts/bench/consortium.ts";
import { apply, coinOf, device, proofOf, spend } from "../../scripts/bench/double-spends.ts";
import { useConsortium } from "./support/deployment.ts";
import { receiptFor } from "./support/promises.ts";

const MINIMUM = 3n * START.guarantee;
const HASH = `0x${"a1".repeat(32)}`;

/** The bank whose bond it is, a device of its own, and its vault. */
const own = device("own", 2);
const vault = device("treasury 2 0", 2);

describe("a bank that wants its bond at once", () => {
  const load = useConsortium();

  async function bonded(bond = MINIMUM) {
    const consortium = await load();
    const { disputes, settlement, members, regulator, connection } = consortium;
    const operator = (member: number) => disputes.connect(members[member - 1]!.operator);
    await operator(2).depositBond(2, bond);
    return {
      ...consortium,
      consortium,
      time: connection.networkHelpers.time,
      bank: operator(2),
      claimant: operator(3),
      regulator: disputes.connect(regulator),
      /** What the bond has, and what became reserve of the bank. */
      books: async () => [(await disputes.bondOf(2)).amount, await settlement.reserveOf(2)],
    };
  }

  /** A case of member 3 on a receipt of the bank, for 1,000. */
  async function sue({ consortium, claimant }: Awaited<ReturnType<typeof bonded>>) {
    const receipt = await receiptFor(consortium, coinOf(consortium, own, 1000n, 9));
    const awards = [{ owner: device("holder", 3).owner, member: 3, amount: 1000n }];
    await claimant.openFalseReceipt(receipt, awards, HASH);
  }

  /** The bank blocks its device, takes its coin back when it may, and has the device pay it to the vault. */
  async function takeBack(
    { consortium, registry, members, time }: Awaited<ReturnType<typeof bonded>>,
    amount: bigint,
  ) {
    const coin = coinOf(consortium, own, amount, 1);
    const output = { lock: lock.key, owner: vault.owner, custodian: 2, amount };
    const spending = { coins: [coin], outputs: [output] };
    await registry.connect(members[1]!.operator).revoke([own.owner]);
    await time.increase(defaultParameters.reclaimDelay);
    const winner = spend(consortium, { kind: "reclaim", name: "back", by: vault, ...spending });
    const loser = spend(consortium, { name: "lost", by: own, ...spending });
    const applied = await apply(consortium, [winner]);
    return proofOf(consortium, { coin, loser, winner, applied });
  }

  describe("by taking a coin of its own device back and having the device lose it", () => {
    it("gets nothing that the minimum or an open case needs, whoever reports it [N-12]", async () => {
      const parts = await bonded();
      const { disputes, bank, claimant, regulator, books } = parts;
      await sue(parts);
      const proof = await takeBack(parts, MINIMUM);
      for (const reporter of [bank, claimant]) {
        await expect(reporter.report(proof))
          .to.be.revertedWithCustomError(disputes, "DisputesBondNeeded")
          .withArgs(MINIMUM, MINIMUM + 1000n + MINIMUM);
      }
      expect(await books()).to.deep.equal([MINIMUM, 0n]);

      // The case is paid all the same, and what it leaves is still needed.
      await bank.answer(1, HASH);
      await regulator.rule(1, true);
      await disputes.enforce(1);
      expect((await disputes.bondOf(2)).amount).to.equal(MINIMUM - 1000n);
      await expect(bank.report(proof))
        .to.be.revertedWithCustomError(disputes, "DisputesBondNeeded")
        .withArgs(MINIMUM - 1000n, 2n * MINIMUM);
    });

    it("gets what it could ask back as well, and is neither fined nor revoked for it", async () => {
      const parts = await bonded(MINIMUM + 500n);
      const { disputes, bank, books } = parts;
      await bank.report(await takeBack(parts, 500n));
      expect(await books()).to.deep.equal([MINIMUM, 500n]);
      expect(await disputes.fines()).to.equal(0n);
    });
  });

  describe("keeps no payee of a lost card waiting for good, whom it has to pay", () => {
    it("as soon as it adds to the bond, by a report like any other [N-06] [N-12]", async () => {
      const parts = await bonded();
      const { disputes, bank, claimant, books } = parts;
      const proof = await takeBack(parts, 30n);
      await bank.depositBond(2, 29n);
      await expect(claimant.report(proof))
        .to.be.revertedWithCustomError(disputes, "DisputesBondNeeded")
        .withArgs(MINIMUM + 29n, MINIMUM + 30n);
      await bank.depositBond(2, 1n);
      await expect(claimant.openDoubleSpend(proof, HASH)).to.be.revertedWithCustomError(
        disputes,
        "DisputesReportable",
      );
      await claimant.report(proof);
      expect(await books()).to.deep.equal([MINIMUM, 30n]);
    });

    it("and otherwise from the whole bond, by a ruling [N-06] [N-12]", async () => {
      const parts = await bonded();
      const { disputes, bank, claimant, regulator, books } = parts;
      const proof = await takeBack(parts, 30n);
      await claimant.openDoubleSpend(proof, HASH);
      await bank.answer(1, HASH);
      await regulator.rule(1, true);
      await disputes.enforce(1);
      expect(await books()).to.deep.equal([MINIMUM - 30n, 30n]);
      expect(await disputes.fines()).to.equal(0n);
      await expect(claimant.report(proof)).to.be.revertedWithCustomError(
        disputes,
        "DisputesPairTaken",
      );
    });
  });
});
