/** Bonds: what goes in, what may leave and when, and where fines go. */
import { expect } from "chai";
import { defaultParameters, START } from "../../scripts/bench/consortium.ts";
import { useConsortium } from "./support/deployment.ts";
import { apply, coinOf, device, proofOf, spend } from "../../scripts/bench/double-spends.ts";

const MINIMUM = 3n * START.guarantee;
const PERIOD = defaultParameters.claimPeriod;

describe("a bond in Disputes", () => {
  const load = useConsortium();

  async function bonded(amount: bigint) {
    const consortium = await load();
    const { disputes, members } = consortium;
    const operator = disputes.connect(members[1]!.operator);
    await operator.depositBond(2, amount);
    return { ...consortium, consortium, operator };
  }

  it("takes tokens for a member of any status, from any participant", async () => {
    const { consortium, disputes, registry, token, members } = await bonded(5n);
    await registry.setStatus(2, 3);
    await expect(disputes.connect(members[0]!.operator).depositBond(2, 7n))
      .to.emit(disputes, "BondDeposited")
      .withArgs(2, members[0]!.operator.address, 7n);
    expect((await disputes.bondOf(2)).amount).to.equal(12n);
    expect((await disputes.bondOf(1)).amount).to.equal(0n);
    const { settlement } = consortium;
    expect(await token.balanceOf(await disputes.getAddress())).to.equal(0n);
    expect(await token.balanceOf(await settlement.getAddress())).to.equal(12n);
    expect([await settlement.owed(), await settlement.reserveOf(2)]).to.deep.equal([12n, 0n]);
  });

  it("takes no deposit of nothing, for nobody, or that does not come", async () => {
    const { disputes, operator, token, members } = await bonded(5n);
    await expect(operator.depositBond(2, 0n)).to.be.revertedWithCustomError(
      disputes,
      "DisputesZeroAmount",
    );
    for (const member of [0, 5]) {
      await expect(operator.depositBond(member, 1n))
        .to.be.revertedWithCustomError(disputes, "DisputesUnknownMember")
        .withArgs(member);
    }
    await token.connect(members[1]!.operator).approve(await disputes.getAddress(), 0n);
    await expect(operator.depositBond(2, 1n)).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    expect((await disputes.bondOf(2)).amount).to.equal(5n);
  });

  it("leaves after the claim period, down to what one cheating device can cost", async () => {
    const { disputes, operator, token, members, connection } = await bonded(MINIMUM + 100n);
    const { time } = connection.networkHelpers;
    const at = (await time.latest()) + 5;
    await time.setNextBlockTimestamp(at);
    await expect(operator.requestRelease(500n))
      .to.emit(disputes, "ReleaseRequested")
      .withArgs(2, 500n, at + PERIOD);
    await time.setNextBlockTimestamp(at + PERIOD - 1);
    await expect(operator.releaseBond())
      .to.be.revertedWithCustomError(disputes, "DisputesReleaseTooEarly")
      .withArgs(at + PERIOD);
    const held = await token.balanceOf(members[1]!.operator.address);
    await time.setNextBlockTimestamp(at + PERIOD);
    await expect(operator.releaseBond())
      .to.emit(disputes, "BondReleased")
      .withArgs(2, members[1]!.operator.address, 100n);
    expect(await token.balanceOf(members[1]!.operator.address)).to.equal(held + 100n);
    const { amount, leaving } = await disputes.bondOf(2);
    expect([amount, leaving]).to.deep.equal([MINIMUM, 0n]);
    await expect(operator.releaseBond())
      .to.be.revertedWithCustomError(disputes, "DisputesNoRelease")
      .withArgs(2);
  });

  it("leaves no more than was asked for, and nothing that is needed", async () => {
    const { disputes, operator, connection } = await bonded(MINIMUM + 100n);
    await operator.requestRelease(1n);
    await connection.networkHelpers.time.increase(PERIOD);
    await operator.releaseBond();
    expect((await disputes.bondOf(2)).amount).to.equal(MINIMUM + 99n);
    await operator.requestRelease(99n);
    await connection.networkHelpers.time.increase(PERIOD);
    await operator.releaseBond();
    await operator.requestRelease(1n);
    await connection.networkHelpers.time.increase(PERIOD);
    await expect(operator.releaseBond())
      .to.be.revertedWithCustomError(disputes, "DisputesBondNeeded")
      .withArgs(MINIMUM, MINIMUM);
  });

  it("waits anew after another request, and a request of nothing takes it back", async () => {
    const { disputes, operator, connection } = await bonded(MINIMUM + 100n);
    const { time } = connection.networkHelpers;
    await operator.requestRelease(50n);
    await time.increase(PERIOD);
    await operator.requestRelease(60n);
    await expect(operator.releaseBond()).to.be.revertedWithCustomError(
      disputes,
      "DisputesReleaseTooEarly",
    );
    await operator.requestRelease(0n);
    await time.increase(PERIOD);
    await expect(operator.releaseBond()).to.be.revertedWithCustomError(
      disputes,
      "DisputesNoRelease",
    );
  });

  it("stays while debts and fines wait for it", async () => {
    const { consortium, disputes, operator, registry, members, connection } = await bonded(10n);
    const cheat = device("cheat", 2);
    const coin = coinOf(consortium, cheat, 1000n, 1);
    const winner = spend(consortium, { name: "w", coins: [coin], by: cheat });
    const loser = spend(consortium, { name: "l", coins: [coin], by: cheat });
    const applied = await apply(consortium, [winner]);
    const proof = proofOf(consortium, { coin, loser, winner, applied });
    await disputes.connect(members[0]!.operator).report(proof);
    await registry.setGuarantee(2, 0n);
    await operator.requestRelease(9999n);
    await connection.networkHelpers.time.increase(PERIOD);
    await expect(operator.releaseBond())
      .to.be.revertedWithCustomError(disputes, "DisputesBondNeeded")
      .withArgs(10n, 3000n);
    await operator.depositBond(2, 2993n);
    await operator.releaseBond();
    expect((await disputes.bondOf(2)).amount).to.equal(3000n);
    await disputes.payQueue(2, 1);
    expect((await disputes.bondOf(2)).amount).to.equal(0n);
  });

  it("is asked for by the member's operator alone", async () => {
    const { disputes, stranger, authority } = await bonded(5n);
    for (const account of [stranger, authority]) {
      for (const call of [
        () => disputes.connect(account).requestRelease(1n),
        () => disputes.connect(account).releaseBond(),
      ]) {
        await expect(call())
          .to.be.revertedWithCustomError(disputes, "DisputesNotOperator")
          .withArgs(account.address);
      }
    }
  });

  it("gives paid fines to whom the authority names, once", async () => {
    const { consortium, disputes, token, authority, members } = await bonded(MINIMUM);
    const cheat = device("cheat", 2);
    const coin = coinOf(consortium, cheat, 1000n, 1);
    const winner = spend(consortium, { name: "w", coins: [coin], by: cheat });
    const loser = spend(consortium, { name: "l", coins: [coin], by: cheat });
    const applied = await apply(consortium, [winner]);
    const proof = proofOf(consortium, { coin, loser, winner, applied });
    await disputes.connect(members[0]!.operator).report(proof);
    await token.setParticipant(authority.address, true);
    await expect(disputes.collectFines(authority.address))
      .to.emit(disputes, "FinesCollected")
      .withArgs(authority.address, 2000n);
    expect(await token.balanceOf(authority.address)).to.equal(2000n);
    expect(await disputes.fines()).to.equal(0n);
    await expect(disputes.collectFines(authority.address)).to.be.revertedWithCustomError(
      disputes,
      "DisputesNoFines",
    );
    const { settlement } = consortium;
    const held = await token.balanceOf(await settlement.getAddress());
    expect(held).to.equal((await disputes.bondOf(2)).amount + (await settlement.reserveOf(2)));
    expect(await settlement.owed()).to.equal(held);
  });

  it("is set up once, and its implementation never", async () => {
    const { disputes, accessManager, settlement, registry, token, connection } = await bonded(1n);
    const manager = await accessManager.getAddress();
    const bare = await connection.ethers.deployContract("Disputes", [
      await settlement.getAddress(),
    ]);
    for (const each of [disputes, bare]) {
      await expect(each.initialize(manager)).to.be.revertedWithCustomError(
        each,
        "InvalidInitialization",
      );
    }
    expect([
      await disputes.registry(),
      await disputes.settlement(),
      await disputes.token(),
    ]).to.deep.equal([
      await registry.getAddress(),
      await settlement.getAddress(),
      await token.getAddress(),
    ]);
  });

  it("fines by the penalty in force, and not at all where there is none", async () => {
    const { consortium, disputes, registry, members } = await bonded(MINIMUM);
    const cheat = device("cheat", 2);
    const coin = coinOf(consortium, cheat, 1001n, 1);
    const [winner, first, second] = ["w", "l", "m"].map((name) =>
      spend(consortium, { name, coins: [coin], by: cheat }),
    );
    const applied = await apply(consortium, [winner!]);
    const report = (loser: typeof winner) =>
      disputes
        .connect(members[0]!.operator)
        .report(proofOf(consortium, { coin, loser: loser!, winner: winner!, applied }));
    await registry.setParameters({ ...defaultParameters, penaltyPercent: 50 });
    await report(first);
    expect(await disputes.fines()).to.equal(500n);
    await registry.setParameters({ ...defaultParameters, penaltyPercent: 0 });
    await report(second);
    expect(await disputes.fines()).to.equal(500n);
    expect(await disputes.minimumOf(2)).to.equal(START.guarantee);
  });
});
