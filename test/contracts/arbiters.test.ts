/** What arbiters tell Settlement to do with bonds: who they are, what moves, and what is refused. */
import { expect } from "chai";
import { START } from "../../scripts/bench/consortium.ts";
import { useConsortium } from "./support/deployment.ts";

const ID = `0x${"33".repeat(32)}`;
const LOSER = `0x${"44".repeat(32)}`;
const OWNER = `0x${"55".repeat(20)}`;
const CLEAR = 0n;
const IMPAIRED = 2n;

/** A coin of member 3 that is to exist once more. */
const coin = { id: ID, loser: LOSER, owner: OWNER, member: 3, amount: 60n, index: 255 };

describe("an arbiter of Settlement", () => {
  const load = useConsortium();

  /** Members 1 and 3 have bonds of 100. */
  async function bonded() {
    const consortium = await load();
    const { token, settlement, arbiter, members } = consortium;
    const door = settlement.connect(arbiter);
    for (const { id, operator } of [members[0]!, members[2]!]) {
      await door.fillBond(id, 100n);
      await token.connect(operator).transfer(await settlement.getAddress(), 100n);
    }
    return { ...consortium, door };
  }

  it("is made and unmade by the authority, and nobody else is let in", async () => {
    const { settlement, arbiter, authority, stranger, members } = await bonded();
    const calls = [
      (by: typeof arbiter) => settlement.connect(by).fillBond(3, 1n),
      (by: typeof arbiter) => settlement.connect(by).releaseBond(3, by.address, 1n),
      (by: typeof arbiter) => settlement.connect(by).restitute(coin, 0n, false),
      (by: typeof arbiter) => settlement.connect(by).award(1, OWNER, 2, 1n),
      (by: typeof arbiter) => settlement.connect(by).revoke(3, OWNER),
      (by: typeof arbiter) => settlement.connect(by).fine(3, 1n),
      (by: typeof arbiter) => settlement.connect(by).releaseFines(by.address),
      (by: typeof arbiter) => settlement.connect(by).setStanding(3, IMPAIRED),
    ];
    await expect(settlement.setArbiter(arbiter.address, false))
      .to.emit(settlement, "ArbiterChanged")
      .withArgs(arbiter.address, false);
    for (const account of [arbiter, authority, stranger, members[2]!.operator]) {
      for (const call of calls) {
        await expect(call(account))
          .to.be.revertedWithCustomError(settlement, "SettlementNotArbiter")
          .withArgs(account.address);
      }
    }
    await settlement.setArbiter(arbiter.address, true);
    await settlement.connect(arbiter).fine(3, 1n);
    expect(await settlement.fines()).to.equal(1n);
  });

  it("restitutes: the amount leaves the custodian's bond and stands behind its coins", async () => {
    const { settlement, registry, token, door, connection } = await bonded();
    const { time } = connection.networkHelpers;
    const at = (await time.latest()) + 5;
    await time.setNextBlockTimestamp(at);
    const seq = (await registry.seq()) + 1n;
    const made = door.restitute(coin, 0n, false);
    await expect(made)
      .to.emit(settlement, "Restituted")
      .withArgs(seq, ID, 255, LOSER, OWNER, 3, 60n, at);
    await expect(made).not.to.emit(token, "Transfer");
    await expect(made).not.to.emit(registry, "Revoked");
    expect(await settlement.reserveOf(3)).to.equal(60n);
    expect(await settlement.bondOf(3)).to.deep.equal([40n, CLEAR]);
    expect((await settlement.getCycle(1)).inflow).to.equal(60n);
    expect(await settlement.owed()).to.equal(200n);
  });

  it("takes the fine and revokes the owner with the restitution", async () => {
    const { settlement, registry, door } = await bonded();
    const seq = (await registry.seq()) + 1n;
    const made = door.restitute(coin, 30n, true);
    await expect(made).to.emit(settlement, "Restituted");
    await expect(made)
      .to.emit(registry, "Revoked")
      .withArgs(seq + 1n, 3, OWNER, (time: bigint) => time > 0n);
    expect(await settlement.bondOf(3)).to.deep.equal([10n, CLEAR]);
    expect(await settlement.fines()).to.equal(30n);
    expect(await settlement.owed()).to.equal(200n);
  });

  it("awards: the payer's bond comes to stand behind the coin's custodian", async () => {
    const { settlement, registry, door } = await bonded();
    const seq = (await registry.seq()) + 1n;
    await expect(door.award(1, OWNER, 2, 60n))
      .to.emit(settlement, "Awarded")
      .withArgs(seq, 1, OWNER, 2, 60n);
    expect([await settlement.reserveOf(1), await settlement.reserveOf(2)]).to.deep.equal([0n, 60n]);
    expect(await settlement.bondOf(1)).to.deep.equal([40n, CLEAR]);
    expect((await settlement.getCycle(1)).inflow).to.equal(60n);
    expect(await settlement.owed()).to.equal(200n);
  });

  it("pays bonds and fines out, and then they are no longer owed [I5]", async () => {
    const { settlement, token, door, members } = await bonded();
    const { address } = members[2]!.operator;
    await door.releaseBond(3, address, 25n);
    await door.fine(3, 15n);
    await door.releaseFines(address);
    expect(await token.balanceOf(address)).to.equal(START.reserve - 60n);
    expect(await settlement.bondOf(3)).to.deep.equal([60n, CLEAR]);
    expect([await settlement.fines(), await settlement.owed()]).to.deep.equal([0n, 160n]);
  });

  it("is refused nothing, members that are unknown, and what the bond does not reach", async () => {
    const { settlement, registry, door, members } = await bonded();
    const seq = await registry.seq();
    for (const call of [
      () => door.restitute({ ...coin, amount: 0n }, 0n, false),
      () => door.award(1, OWNER, 3, 0n),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(settlement, "SettlementZeroAmount");
    }
    const unknown = [
      [() => door.restitute({ ...coin, member: 5 }, 0n, false), 5],
      [() => door.award(1, OWNER, 0, 1n), 0],
      [() => door.award(9, OWNER, 1, 1n), 9],
      [() => door.setStanding(5, IMPAIRED), 5],
      [() => door.fillBond(0, 1n), 0],
    ] as const;
    for (const [call, member] of unknown) {
      await expect(call())
        .to.be.revertedWithCustomError(settlement, "SettlementUnknownMember")
        .withArgs(member);
    }
    const short = [
      [() => door.restitute({ ...coin, amount: 101n }, 0n, false), 101n],
      [() => door.restitute(coin, 41n, false), 101n],
      [() => door.award(3, OWNER, 1, 2n ** 64n - 1n), 2n ** 64n - 1n],
      [() => door.fine(3, 2n ** 128n - 1n), 2n ** 128n - 1n],
      [() => door.releaseBond(3, members[2]!.operator.address, 2n ** 80n), 2n ** 80n],
    ] as const;
    for (const [call, amount] of short) {
      await expect(call())
        .to.be.revertedWithCustomError(settlement, "SettlementBondShort")
        .withArgs(3, 100n, amount);
    }
    expect([await settlement.owed(), await settlement.fines()]).to.deep.equal([200n, 0n]);
    expect(await registry.seq()).to.equal(seq);
  });

  it("fills no bond further than can be counted", async () => {
    const { settlement, door } = await bonded();
    await expect(door.fillBond(3, 2n ** 80n - 100n))
      .to.be.revertedWithCustomError(settlement, "SettlementSumOutOfRange")
      .withArgs(3, 2n ** 80n);
    await door.fillBond(3, 2n ** 80n - 101n);
    expect(await settlement.bondOf(3)).to.deep.equal([2n ** 80n - 1n, CLEAR]);
  });

  it("counts what came in against no quota: it is another's money that makes a holder whole", async () => {
    const { settlement, registry, door } = await bonded();
    await registry.setQuota(3, 0n);
    await door.restitute(coin, 0n, false);
    expect(await settlement.reserveOf(3)).to.equal(60n);
  });
});
