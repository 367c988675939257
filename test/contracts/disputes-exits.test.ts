/** Ways out of a bond: what a bank does to have its bond back without waiting, and what it gets. */
import { expect } from "chai";
import { lock } from "../../protocol/output.ts";
import { defaultParameters, START } from "../../scripts/bench/consortium.ts";
import { apply, coinOf, device, proofOf, spend } from "../../scripts/bench/double-spends.ts";
import { useConsortium } from "./support/deployment.ts";
import { receiptFor, type Signed } from "./support/promises.ts";

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
      accomplice: operator(4),
      regulator: disputes.connect(regulator),
      /** What the bond has, and what became reserve of the bank. */
      books: async () => [(await disputes.bondOf(2)).amount, await settlement.reserveOf(2)],
    };
  }

  type Bonded = Awaited<ReturnType<typeof bonded>>;

  /** What a case on a receipt of the bank is opened with: the receipt of a coin, and who asks for all of it. */
  async function claim({ consortium }: Bonded, amount: bigint, member: number) {
    const receipt = await receiptFor(consortium, coinOf(consortium, own, amount, 9));
    const { owner } = device(`holder ${member}`, member);
    const awards = [{ owner, member, amount }];
    return [receipt, awards, HASH] as [Signed, typeof awards, string];
  }

  /** The bank blocks its device, takes its coin back when it may, and has the device pay it to the vault. */
  async function takeBack({ consortium, registry, members, time }: Bonded, amount: bigint) {
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
      await claimant.openFalseReceipt(...(await claim(parts, 1000n, 3)));
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

  describe("by a case that it does not answer", () => {
    it("brings none against itself", async () => {
      const parts = await bonded();
      const { disputes, bank, books } = parts;
      await expect(bank.openFalseReceipt(...(await claim(parts, MINIMUM, 2))))
        .to.be.revertedWithCustomError(disputes, "DisputesOwnCase")
        .withArgs(2);
      await expect(
        bank.openDoubleSpend(await takeBack(parts, MINIMUM), HASH),
      ).to.be.revertedWithCustomError(disputes, "DisputesOwnCase");
      expect(await books()).to.deep.equal([MINIMUM, 0n]);
    });

    it("gets nothing that the minimum or another case needs by an accomplice's: a regulator rules, or it lapses [R-166]", async () => {
      const parts = await bonded();
      const { disputes, settlement, claimant, accomplice, regulator, time, books } = parts;
      await accomplice.openFalseReceipt(...(await claim(parts, MINIMUM, 4)));
      await claimant.openFalseReceipt(...(await claim(parts, 1000n, 3)));
      await time.increase(defaultParameters.claimPeriod);
      const refused = async (caseId: number, needed: bigint) => {
        await expect(disputes.ruleUnanswered(caseId))
          .to.be.revertedWithCustomError(disputes, "DisputesBondNeeded")
          .withArgs(MINIMUM, needed);
      };
      await refused(1, 2n * MINIMUM + 1000n);
      await refused(2, 2n * MINIMUM + 1000n);
      await regulator.rule(2, true);
      await disputes.enforce(2);
      expect(await settlement.reserveOf(3)).to.equal(1000n);
      await time.increase(defaultParameters.claimPeriod);
      await disputes.lapse(1);
      expect(await books()).to.deep.equal([MINIMUM - 1000n, 0n]);
      expect((await disputes.bondOf(2)).claimed).to.equal(0n);
    });

    it("gets by an accomplice's what it could ask back as well, no sooner", async () => {
      const parts = await bonded(MINIMUM + 500n);
      const { disputes, settlement, accomplice, time, books } = parts;
      await accomplice.openFalseReceipt(...(await claim(parts, 500n, 4)));
      await time.increase(defaultParameters.claimPeriod);
      await disputes.ruleUnanswered(1);
      await disputes.enforce(1);
      expect(await books()).to.deep.equal([MINIMUM, 0n]);
      expect(await settlement.reserveOf(4)).to.equal(500n);
    });
  });

  describe("by a request that it made long ago", () => {
    it("gets nothing when it has lapsed, after double spends that nobody has reported yet [N-12]", async () => {
      const parts = await bonded();
      const { consortium, disputes, bank, claimant, time, books } = parts;
      await expect(bank.requestRelease(2n ** 127n))
        .to.emit(disputes, "ReleaseRequested")
        .withArgs(2, MINIMUM, (leavesAt: bigint) => leavesAt > 0n);
      const { leaving, leavesAt } = await disputes.bondOf(2);
      expect(leaving).to.equal(MINIMUM);
      await time.increase(5 * defaultParameters.claimPeriod);
      await bank.depositBond(2, MINIMUM);
      const losses = [1, 2, 3, 4, 5, 6].map((at) => {
        const by = device(`cheat ${at}`, 2);
        const coin = coinOf(consortium, by, START.guarantee / 3n, 10 + at);
        const [winner, loser] = ["w", "l"].map((name) =>
          spend(consortium, { name, coins: [coin], by }),
        );
        return { coin, winner: winner!, loser: loser! };
      });
      const applied = await apply(
        consortium,
        losses.map(({ winner }) => winner),
      );
      await expect(bank.releaseBond())
        .to.be.revertedWithCustomError(disputes, "DisputesReleaseTooLate")
        .withArgs(leavesAt + BigInt(defaultParameters.claimPeriod));
      for (const loss of losses) await claimant.report(proofOf(consortium, { ...loss, applied }));
      // Each costs the bank its coin and twice as much.
      expect((await books())[0]).to.equal(2n * MINIMUM - 18n * (START.guarantee / 3n));
    });

    it("gets no more than the bond was then, to the last second of the time there is for it", async () => {
      const parts = await bonded(MINIMUM + 100n);
      const { disputes, bank, time, books } = parts;
      await bank.requestRelease(2n ** 127n);
      await bank.depositBond(2, 10n * MINIMUM);
      const { leavesAt } = await disputes.bondOf(2);
      await time.setNextBlockTimestamp(leavesAt + BigInt(defaultParameters.claimPeriod));
      await bank.releaseBond();
      expect(await books()).to.deep.equal([10n * MINIMUM, 0n]);
    });
  });
});
