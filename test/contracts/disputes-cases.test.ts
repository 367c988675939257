/** Cases: what bytes cannot prove, from the opening to the enforcement, each step in its time. */
import { expect } from "chai";
import { toHex } from "../../protocol/bytes.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { defaultParameters, keysOf, START } from "../../scripts/bench/consortium.ts";
import { useConsortium } from "./support/deployment.ts";
import { apply, coinOf, device, idOf, proofOf, spend } from "../../scripts/bench/double-spends.ts";
import { certificateFor, issuerOf, receiptFor } from "./support/promises.ts";

const PERIOD = defaultParameters.claimPeriod;
const BOND = 10n * START.guarantee;
const ARGUMENT = `0x${"a1".repeat(32)}`;
const ANSWER = `0x${"a2".repeat(32)}`;
const status = {
  opened: 1n,
  answered: 2n,
  ruled: 3n,
  enforced: 4n,
  dismissed: 5n,
  lapsed: 6n,
} as const;

const cheat = device("cheat", 2);
const holder = device("holder", 3);

describe("a case in Disputes", () => {
  const load = useConsortium();

  async function bonded(bond = BOND) {
    const consortium = await load();
    const { disputes, members, regulator, connection } = consortium;
    await disputes.connect(members[1]!.operator).depositBond(2, bond);
    const statusOf = async (id: number) => (await disputes.getCase(id)).status;
    return {
      ...consortium,
      consortium,
      time: connection.networkHelpers.time,
      claimant: disputes.connect(members[2]!.operator),
      accused: disputes.connect(members[1]!.operator),
      regulator: disputes.connect(regulator),
      statusOf,
    };
  }

  /** A device spent one coin twice for more than its guarantee. */
  async function aboveGuarantee(bond = BOND) {
    const parts = await bonded(bond);
    const { consortium } = parts;
    const amount = START.guarantee + 1n;
    const coin = coinOf(consortium, cheat, amount, 1);
    const [winner, loser, third] = ["w", "l", "m"].map((name) =>
      spend(consortium, { name, coins: [coin], by: cheat }),
    ) as [SignedRecord, SignedRecord, SignedRecord];
    const applied = await apply(consortium, [winner]);
    const proof = proofOf(consortium, { coin, loser, winner, applied });
    return { ...parts, amount, coin, winner, loser, third, applied, proof };
  }

  /** A receipt of 1,000 that member 2 signed. */
  async function falseReceipt(bond = BOND) {
    const parts = await bonded(bond);
    const coin = coinOf(parts.consortium, cheat, 1000n, 1);
    const signed = await receiptFor(parts.consortium, coin);
    const awards = [
      { owner: holder.owner, member: 3, amount: 600n },
      { owner: cheat.owner, member: 2, amount: 300n },
    ];
    return { ...parts, signed, awards };
  }

  /** A certificate of member 2 for a key that was never enrolled. */
  async function falseCertificate() {
    const parts = await bonded();
    const signed = await certificateFor(parts.consortium, cheat);
    return { ...parts, signed, awards: [{ owner: holder.owner, member: 3, amount: 500n }] };
  }

  describe("on a double spend", () => {
    it("goes from opened over answered and ruled to enforced, and pays as a report does [R-032] [R-157] [R-166]", async () => {
      const parts = await aboveGuarantee();
      const { claimant, accused, regulator, disputes, settlement, registry, time } = parts;
      const { proof, amount, coin, loser, consortium, statusOf } = parts;
      const at = (await time.latest()) + 5;
      await time.setNextBlockTimestamp(at);
      await expect(claimant.openDoubleSpend(proof, ARGUMENT))
        .to.emit(disputes, "CaseOpened")
        .withArgs(1, 0, 3, 2, amount, ARGUMENT);
      expect((await disputes.getCase(1)).deadline).to.equal(BigInt(at + PERIOD));
      expect((await disputes.bondOf(2)).claimed).to.equal(amount);
      await expect(accused.answer(1, ANSWER)).to.emit(disputes, "CaseAnswered").withArgs(1, ANSWER);
      expect((await disputes.getCase(1)).answer).to.equal(ANSWER);
      await expect(regulator.rule(1, true)).to.emit(disputes, "CaseRuled").withArgs(1);
      expect(await statusOf(1)).to.equal(status.ruled);
      const enforced = disputes.connect(parts.stranger).enforce(1);
      await expect(enforced).to.emit(settlement, "Restituted");
      await expect(enforced).to.emit(registry, "Revoked");
      await expect(enforced).to.emit(disputes, "CaseEnforced").withArgs(1);
      const { amount: bond, claimed } = await disputes.bondOf(2);
      expect([bond, claimed]).to.deep.equal([BOND - 3n * amount, 0n]);
      expect(await disputes.coveredOf(cheat.owner)).to.equal(0n);
      const id = coin.outpoint.slice(0, 66);
      expect(await disputes.stateOf(id, 0, idOf(consortium, loser))).to.equal(2n);
      await expect(claimant.openDoubleSpend(proof, ARGUMENT)).to.be.revertedWithCustomError(
        disputes,
        "DisputesPairTaken",
      );
    });

    it("is not needed for what a report pays, and opens when the claim period is over", async () => {
      const { consortium, claimant, disputes, applied, coin, winner, time } =
        await aboveGuarantee();
      const small = coinOf(consortium, cheat, 10n, 2);
      const spends = ["x", "y"].map((name) =>
        spend(consortium, { name, coins: [small, coin], by: cheat }),
      ) as [SignedRecord, SignedRecord];
      const both = await apply(consortium, [spends[0]]);
      const bank = device("treasury 2 0", 2);
      const reclaim = spend(consortium, { kind: "reclaim", name: "r", coins: [coin], by: bank });
      const reclaimed = await apply(consortium, [reclaim]);
      const reportable = [
        proofOf(consortium, { coin: small, loser: spends[1], winner: spends[0], applied: both }),
        proofOf(consortium, { coin, loser: spends[1], winner: reclaim, applied: reclaimed }),
      ];
      for (const proof of reportable) {
        await expect(claimant.openDoubleSpend(proof, ARGUMENT)).to.be.revertedWithCustomError(
          disputes,
          "DisputesReportable",
        );
      }
      await time.increase(PERIOD + 1);
      for (const proof of reportable) await claimant.openDoubleSpend(proof, ARGUMENT);
      expect(await disputes.caseCount()).to.equal(2n);
      expect([applied.cycle, winner.kind]).to.deep.equal([1, "spend"]);
    });

    it("is overtaken by a report that a higher guarantee allowed, and pays nothing twice", async () => {
      const { claimant, regulator, disputes, registry, proof, amount, statusOf, time } =
        await aboveGuarantee();
      await claimant.openDoubleSpend(proof, ARGUMENT);
      await registry.setGuarantee(2, amount);
      await claimant.report(proof);
      await time.increase(PERIOD + 1);
      await regulator.rule(1, true);
      await expect(disputes.enforce(1)).to.emit(disputes, "CaseLapsed").withArgs(1);
      expect(await statusOf(1)).to.equal(status.lapsed);
      const { amount: bond, claimed } = await disputes.bondOf(2);
      expect([bond, claimed]).to.deep.equal([BOND - 3n * amount, 0n]);
    });

    it("is queued where the bond is short, and keeps a later report waiting behind it", async () => {
      const parts = await aboveGuarantee(1n);
      const { claimant, accused, regulator, disputes, settlement, proof, amount } = parts;
      await claimant.openDoubleSpend(proof, ARGUMENT);
      await accused.answer(1, ANSWER);
      await regulator.rule(1, true);
      await disputes.enforce(1);
      expect(await settlement.isImpaired(2)).to.equal(true);
      await accused.depositBond(2, 3n * amount - 1n);
      await disputes.payQueue(2, 1);
      expect(await settlement.reserveOf(2)).to.equal(amount);
      expect((await disputes.bondOf(2)).amount).to.equal(0n);
    });

    it("waits for a regulator when nobody answers, and lapses without one", async () => {
      const { claimant, regulator, disputes, proof, time, statusOf } = await aboveGuarantee();
      await claimant.openDoubleSpend(proof, ARGUMENT);
      const { deadline } = await disputes.getCase(1);
      await expect(regulator.rule(1, true))
        .to.be.revertedWithCustomError(disputes, "DisputesDeadlineAhead")
        .withArgs(deadline);
      await time.setNextBlockTimestamp(deadline + 1n);
      await expect(disputes.ruleUnanswered(1))
        .to.be.revertedWithCustomError(disputes, "DisputesNeedsRuling")
        .withArgs(1);
      const last = deadline + BigInt(PERIOD);
      await time.setNextBlockTimestamp(last);
      await expect(disputes.lapse(1))
        .to.be.revertedWithCustomError(disputes, "DisputesDeadlineAhead")
        .withArgs(last);
      await time.setNextBlockTimestamp(last + 1n);
      await expect(regulator.rule(1, true))
        .to.be.revertedWithCustomError(disputes, "DisputesDeadlinePassed")
        .withArgs(last);
      await expect(disputes.lapse(1)).to.emit(disputes, "CaseLapsed").withArgs(1);
      expect(await statusOf(1)).to.equal(status.lapsed);
      expect((await disputes.bondOf(2)).claimed).to.equal(0n);
      await claimant.openDoubleSpend(proof, ARGUMENT);
    });
  });

  describe("on a false receipt", () => {
    it("makes new coins for the last holders, from the bond of who signed [R-164]", async () => {
      const { claimant, accused, regulator, disputes, settlement, signed, awards } =
        await falseReceipt();
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      await accused.answer(1, ANSWER);
      await regulator.rule(1, true);
      const enforced = disputes.enforce(1);
      for (const { owner, member, amount } of awards) {
        await expect(enforced)
          .to.emit(settlement, "Awarded")
          .withArgs((seq: bigint) => seq > 0n, 2, owner, member, amount);
      }
      expect(await disputes.fines()).to.equal(0n);
      expect((await disputes.bondOf(2)).amount).to.equal(BOND - 900n);
      expect([await settlement.reserveOf(2), await settlement.reserveOf(3)]).to.deep.equal([
        300n,
        600n,
      ]);
      const { subject } = await disputes.getCase(1);
      expect(await disputes.awardedFor(subject)).to.equal(900n);
    });

    it("is ruled for the claimant by anyone if nobody answers in time, even if the receipt was true [R-166]", async () => {
      const { claimant, disputes, accused, signed, awards, time, statusOf } = await falseReceipt();
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      const { deadline } = await disputes.getCase(1);
      await time.setNextBlockTimestamp(deadline);
      await expect(disputes.ruleUnanswered(1))
        .to.be.revertedWithCustomError(disputes, "DisputesDeadlineAhead")
        .withArgs(deadline);
      await time.setNextBlockTimestamp(deadline + 1n);
      await expect(accused.answer(1, ANSWER))
        .to.be.revertedWithCustomError(disputes, "DisputesDeadlinePassed")
        .withArgs(deadline);
      await expect(disputes.lapse(1))
        .to.be.revertedWithCustomError(disputes, "DisputesDeadlineAhead")
        .withArgs(deadline + BigInt(PERIOD));
      await disputes.ruleUnanswered(1);
      await disputes.enforce(1);
      expect(await statusOf(1)).to.equal(status.enforced);
    });

    it("waits for a regulator where rivals ask for more than the receipt was good for: who is quicker gets nothing before who has lost [R-166]", async () => {
      const { claimant, members, disputes, regulator, signed, time, settlement, statusOf } =
        await falseReceipt();
      const all = [{ owner: holder.owner, member: 3, amount: 1000n }];
      const bite = [{ owner: device("accomplice", 4).owner, member: 4, amount: 1n }];
      const rival = disputes.connect(members[3]!.operator);
      await claimant.openFalseReceipt(signed, all, ARGUMENT);
      await rival.openFalseReceipt(signed, bite, ARGUMENT);
      const { subject } = await disputes.getCase(1);
      expect(await disputes.claimedFor(subject)).to.equal(1001n);
      await time.increase(PERIOD + 1);
      for (const id of [2, 1]) {
        await expect(disputes.ruleUnanswered(id))
          .to.be.revertedWithCustomError(disputes, "DisputesRivalClaims")
          .withArgs(1001n, 1000n);
      }
      await regulator.rule(2, false);
      expect(await disputes.claimedFor(subject)).to.equal(1000n);
      await disputes.ruleUnanswered(1);
      await disputes.enforce(1);
      expect(await statusOf(1)).to.equal(status.enforced);
      expect(await disputes.claimedFor(subject)).to.equal(0n);
      expect([await settlement.reserveOf(3), await settlement.reserveOf(4)]).to.deep.equal([
        1000n,
        0n,
      ]);
    });

    it("is ruled unanswered for each who lost a part of it, where the parts are no more than the whole", async () => {
      const { claimant, members, disputes, signed, time, settlement } = await falseReceipt();
      const parts = [400n, 600n].map((amount) => [{ owner: holder.owner, member: 3, amount }]);
      await claimant.openFalseReceipt(signed, parts[0]!, ARGUMENT);
      await disputes.connect(members[3]!.operator).openFalseReceipt(signed, parts[1]!, ARGUMENT);
      await time.increase(PERIOD + 1);
      for (const id of [2, 1]) {
        await disputes.ruleUnanswered(id);
        await disputes.enforce(id);
      }
      expect(await settlement.reserveOf(3)).to.equal(1000n);
    });

    it("awards for one receipt at most its amount, over all cases on it", async () => {
      const { claimant, members, disputes, regulator, accused, signed, awards, statusOf } =
        await falseReceipt();
      const excess = [...awards, { owner: cheat.owner, member: 2, amount: 101n }];
      await expect(claimant.openFalseReceipt(signed, excess, ARGUMENT))
        .to.be.revertedWithCustomError(disputes, "DisputesAboveStatement")
        .withArgs(1001n, 1000n);
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      const rival = disputes.connect(members[3]!.operator);
      await rival.openFalseReceipt(signed, awards, ARGUMENT);
      for (const id of [1, 2]) {
        await accused.answer(id, ANSWER);
        await regulator.rule(id, true);
      }
      await disputes.enforce(2);
      await expect(disputes.enforce(1)).to.emit(disputes, "CaseLapsed").withArgs(1);
      expect([await statusOf(1), await statusOf(2)]).to.deep.equal([
        status.lapsed,
        status.enforced,
      ]);
      await expect(claimant.openFalseReceipt(signed, awards, ARGUMENT))
        .to.be.revertedWithCustomError(disputes, "DisputesAboveStatement")
        .withArgs(1800n, 1000n);
      await claimant.openFalseReceipt(signed, [{ ...awards[0]!, amount: 100n }], ARGUMENT);
    });

    it("takes the word of a key that the member has replaced since", async () => {
      const { consortium, claimant, registry, signed, awards } = await falseReceipt();
      await registry.replaceKeys(2, keysOf(2, consortium.members[1]!.validator, 1));
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      expect(await consortium.disputes.caseCount()).to.equal(1n);
    });

    it("is refused for another key, a signature that does not hold, and bytes that are no receipt", async () => {
      const { consortium, claimant, disputes, signed, awards } = await falseReceipt();
      const stranger = toHex(issuerOf(3).publicKey);
      for (const issuerKey of [stranger, "0x"]) {
        await expect(claimant.openFalseReceipt({ ...signed, issuer: issuerKey }, awards, ARGUMENT))
          .to.be.revertedWithCustomError(disputes, "DisputesNotIssuer")
          .withArgs(2, issuerKey);
      }
      const forged = `${signed.statement.slice(0, -2)}00`;
      await expect(
        claimant.openFalseReceipt({ ...signed, statement: forged }, awards, ARGUMENT),
      ).to.be.revertedWithCustomError(disputes, "DisputesBadSignature");
      const evidence = await consortium.connection.ethers.getContractAt(
        "Evidence",
        await disputes.evidence(),
      );
      const cut = signed.statement.slice(0, -2);
      await expect(
        claimant.openFalseReceipt({ ...signed, statement: cut }, awards, ARGUMENT),
      ).to.be.revertedWithCustomError(evidence, "ByteReaderMalformed");
      await expect(
        claimant.openFalseCertificate(signed, awards, ARGUMENT),
      ).to.be.revertedWithCustomError(evidence, "ByteReaderMalformed");
    });

    it("asks for 1 to 64 awards, each something, to members that exist", async () => {
      const { claimant, disputes, signed, awards } = await falseReceipt();
      const one = { ...awards[0]!, amount: 1n };
      for (const count of [0, 65]) {
        await expect(claimant.openFalseReceipt(signed, Array(count).fill(one), ARGUMENT))
          .to.be.revertedWithCustomError(disputes, "DisputesAwardsOutOfBounds")
          .withArgs(count);
      }
      for (const member of [0, 5]) {
        await expect(claimant.openFalseReceipt(signed, [{ ...one, member }], ARGUMENT))
          .to.be.revertedWithCustomError(disputes, "DisputesUnknownMember")
          .withArgs(member);
      }
      await expect(
        claimant.openFalseReceipt(signed, [{ ...one, amount: 0n }], ARGUMENT),
      ).to.be.revertedWithCustomError(disputes, "DisputesZeroAmount");
      await claimant.openFalseReceipt(signed, Array(64).fill(one), ARGUMENT);
      expect((await disputes.getCase(1)).debts).to.have.length(64);
    });
  });

  describe("on a false certificate", () => {
    it("awards at most what the certificate let its purse hold", async () => {
      const { claimant, disputes, settlement, signed, awards, time } = await falseCertificate();
      const more = [{ ...awards[0]!, amount: 501n }];
      await expect(claimant.openFalseCertificate(signed, more, ARGUMENT))
        .to.be.revertedWithCustomError(disputes, "DisputesAboveStatement")
        .withArgs(501n, 500n);
      await claimant.openFalseCertificate(signed, awards, ARGUMENT);
      expect((await disputes.getCase(1)).kind).to.equal(2n);
      await time.increase(PERIOD + 1);
      await disputes.ruleUnanswered(1);
      await disputes.enforce(1);
      expect(await settlement.reserveOf(3)).to.equal(500n);
      expect((await disputes.bondOf(2)).amount).to.equal(BOND - 500n);
    });
  });

  describe("in general", () => {
    it("is opened by operators of members alone, and by each once at a time on the same", async () => {
      const { claimant, disputes, members, stranger, signed, awards } = await falseReceipt();
      const proof = (await aboveGuarantee()).proof;
      const from = disputes.connect(stranger);
      for (const open of [
        () => from.openFalseReceipt(signed, awards, ARGUMENT),
        () => from.openFalseCertificate(signed, awards, ARGUMENT),
        () => from.openDoubleSpend(proof, ARGUMENT),
      ]) {
        await expect(open())
          .to.be.revertedWithCustomError(disputes, "DisputesNotOperator")
          .withArgs(stranger.address);
      }
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      await expect(claimant.openFalseReceipt(signed, awards, ARGUMENT))
        .to.be.revertedWithCustomError(disputes, "DisputesCasePending")
        .withArgs(1);
      await disputes.connect(members[0]!.operator).openFalseReceipt(signed, awards, ARGUMENT);
      expect(await disputes.caseCount()).to.equal(2n);
    });

    it("is not opened again by a claimant that was ruled against, whatever it asks: the bank answers once, and its bond is free [R-032]", async () => {
      const { claimant, accused, disputes, members, regulator, signed, awards, time, statusOf } =
        await falseReceipt();
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      await accused.answer(1, ANSWER);
      await regulator.rule(1, false);
      for (const again of [awards, [{ ...awards[0]!, amount: 1n }]]) {
        await expect(claimant.openFalseReceipt(signed, again, ANSWER))
          .to.be.revertedWithCustomError(disputes, "DisputesRuledAgainst")
          .withArgs(1);
      }
      expect((await disputes.bondOf(2)).claimed).to.equal(0n);
      // Another member may have lost by it, and be heard; what nobody decided may be decided yet.
      const other = disputes.connect(members[3]!.operator);
      await other.openFalseReceipt(signed, awards, ARGUMENT);
      await time.increase(2 * PERIOD + 1);
      await disputes.lapse(2);
      expect(await statusOf(2)).to.equal(status.lapsed);
      await other.openFalseReceipt(signed, awards, ARGUMENT);
    });

    it("on a double spend is not opened again either, once it was ruled against", async () => {
      const { claimant, disputes, regulator, proof } = await aboveGuarantee();
      await claimant.openDoubleSpend(proof, ARGUMENT);
      await regulator.rule(1, false);
      await expect(claimant.openDoubleSpend(proof, ARGUMENT))
        .to.be.revertedWithCustomError(disputes, "DisputesRuledAgainst")
        .withArgs(1);
    });

    it("is answered by the accused alone", async () => {
      const { claimant, disputes, stranger, members, signed, awards } = await falseReceipt();
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      await expect(claimant.answer(1, ANSWER))
        .to.be.revertedWithCustomError(disputes, "DisputesNotAccused")
        .withArgs(members[2]!.operator.address, 2);
      await expect(disputes.connect(stranger).answer(1, ANSWER)).to.be.revertedWithCustomError(
        disputes,
        "DisputesNotOperator",
      );
    });

    it("is dismissed by the regulator before an answer too, and frees the bond", async () => {
      const { claimant, disputes, regulator, signed, awards, statusOf } = await falseReceipt();
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      expect((await disputes.bondOf(2)).claimed).to.equal(900n);
      await expect(regulator.rule(1, false)).to.emit(disputes, "CaseDismissed").withArgs(1);
      expect(await statusOf(1)).to.equal(status.dismissed);
      expect((await disputes.bondOf(2)).claimed).to.equal(0n);
    });

    it("that was answered is ruled on in time, or lapses", async () => {
      const { claimant, accused, disputes, regulator, signed, awards, time } = await falseReceipt();
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      await accused.answer(1, ANSWER);
      const { deadline } = await disputes.getCase(1);
      await time.setNextBlockTimestamp(deadline);
      await expect(disputes.lapse(1))
        .to.be.revertedWithCustomError(disputes, "DisputesDeadlineAhead")
        .withArgs(deadline);
      await time.setNextBlockTimestamp(deadline + 1n);
      await expect(regulator.rule(1, true))
        .to.be.revertedWithCustomError(disputes, "DisputesDeadlinePassed")
        .withArgs(deadline);
      await disputes.lapse(1);
    });

    it("takes each step in its state alone", async () => {
      const { claimant, accused, disputes, regulator, signed, awards } = await falseReceipt();
      const steps = {
        answer: () => accused.answer(1, ANSWER),
        rule: () => regulator.rule(1, true),
        ruleUnanswered: () => disputes.ruleUnanswered(1),
        lapse: () => disputes.lapse(1),
        enforce: () => disputes.enforce(1),
      };
      const refused = async (state: bigint, names: readonly (keyof typeof steps)[]) => {
        for (const name of names) {
          await expect(steps[name](), name)
            .to.be.revertedWithCustomError(disputes, "DisputesWrongStatus")
            .withArgs(1, state);
        }
      };
      await refused(0n, ["answer", "rule", "ruleUnanswered", "lapse", "enforce"]);
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      await refused(status.opened, ["enforce"]);
      await accused.answer(1, ANSWER);
      await refused(status.answered, ["answer", "ruleUnanswered", "enforce"]);
      await regulator.rule(1, true);
      await refused(status.ruled, ["answer", "rule", "ruleUnanswered", "lapse"]);
      await disputes.enforce(1);
      await refused(status.enforced, ["answer", "rule", "ruleUnanswered", "lapse", "enforce"]);
    });

    it("keeps what it asks for in the bond until it ends", async () => {
      const { claimant, accused, disputes, registry, regulator, signed, awards, time } =
        await falseReceipt(900n);
      await registry.setGuarantee(2, 0n);
      await claimant.openFalseReceipt(signed, awards, ARGUMENT);
      await accused.answer(1, ANSWER);
      await accused.requestRelease(900n);
      await time.increase(PERIOD);
      await expect(accused.releaseBond())
        .to.be.revertedWithCustomError(disputes, "DisputesBondNeeded")
        .withArgs(900n, 900n);
      await regulator.rule(1, false);
      await accused.releaseBond();
      expect((await disputes.bondOf(2)).amount).to.equal(0n);
    });
  });
});
