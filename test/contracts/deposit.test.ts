/** Reserves in and out: deposits within the quota, withdrawals of what is owed. */
import { expect } from "chai";
import { START } from "../../scripts/bench/consortium.ts";
import { deposit, settleCycle, useConsortium } from "./support/deployment.ts";

const SUSPENDED = 2;
const REMOVED = 3;

/** What waits for a bond. */
const CLEAR = 0n;
const FINED = 1n;
const IMPAIRED = 2n;

describe("Settlement.deposit", () => {
  const load = useConsortium();

  it("takes reserves in, behind a new vault coin [R-061]", async () => {
    const { settlement, registry, token, members } = await load();
    const { operator } = members[1]!;
    const seq = (await registry.seq()) + 1n;
    const held = await token.balanceOf(operator.address);
    await expect(settlement.connect(operator).deposit(2, 700n))
      .to.emit(settlement, "Deposited")
      .withArgs(seq, 2, 700n);
    expect(await token.balanceOf(operator.address)).to.equal(held - 700n);
    expect(await token.balanceOf(await settlement.getAddress())).to.equal(700n);
    expect(await settlement.reserveOf(2)).to.equal(700n);
    expect(await settlement.owed()).to.equal(700n);
    expect((await settlement.getCycle(1)).inflow).to.equal(700n);
  });

  it("may be made for a member by any participant", async () => {
    const { settlement, members } = await load();
    await settlement.connect(members[0]!.operator).deposit(2, 5n);
    expect([await settlement.reserveOf(1), await settlement.reserveOf(2)]).to.deep.equal([0n, 5n]);
  });

  it("fills the quota to its last unit, and no further [R-062]", async () => {
    const { settlement, registry, members } = await load();
    const { operator } = members[1]!;
    await registry.setQuota(2, 1000n);
    await settlement.connect(operator).deposit(2, 600n);
    await expect(settlement.connect(operator).deposit(2, 401n))
      .to.be.revertedWithCustomError(settlement, "SettlementQuotaExceeded")
      .withArgs(2, 1001n, 1000n);
    await settlement.connect(operator).deposit(2, 400n);
    expect(await settlement.reserveOf(2)).to.equal(1000n);
  });

  it("of the largest amount a coin can have is taken", async () => {
    const { settlement, registry, token, members } = await load();
    const { operator } = members[1]!;
    const largest = 2n ** 64n - 1n;
    await registry.setQuota(2, 2n ** 128n - 1n);
    await token.mint(operator.address, largest);
    await token.connect(operator).approve(await settlement.getAddress(), largest);
    await settlement.connect(operator).deposit(2, largest);
    expect(await settlement.reserveOf(2)).to.equal(largest);
  });

  it("refuses nothing, a member it does not know, and one that is not active", async () => {
    const { settlement, registry, members } = await load();
    const { operator } = members[1]!;
    const from = settlement.connect(operator);
    await expect(from.deposit(2, 0n)).to.be.revertedWithCustomError(
      settlement,
      "SettlementZeroAmount",
    );
    for (const unknown of [0, 5]) {
      await expect(from.deposit(unknown, 1n))
        .to.be.revertedWithCustomError(settlement, "SettlementUnknownMember")
        .withArgs(unknown);
    }
    for (const status of [SUSPENDED, REMOVED]) {
      await registry.setStatus(2, status);
      await expect(from.deposit(2, 1n))
        .to.be.revertedWithCustomError(settlement, "SettlementNotActive")
        .withArgs(2, status);
    }
    expect(await settlement.owed()).to.equal(0n);
  });

  it("refuses a member for whose bond debts wait, though not one for which fines alone do", async () => {
    const { settlement, members, arbiter } = await load();
    const from = settlement.connect(members[1]!.operator);
    await settlement.connect(arbiter).setStanding(2, FINED);
    await from.deposit(2, 1n);
    await expect(settlement.connect(arbiter).setStanding(2, IMPAIRED))
      .to.emit(settlement, "StandingChanged")
      .withArgs(2, IMPAIRED);
    expect(await settlement.isImpaired(2)).to.equal(true);
    await expect(from.deposit(2, 1n))
      .to.be.revertedWithCustomError(settlement, "SettlementImpaired")
      .withArgs(2);
    await settlement.connect(arbiter).setStanding(2, CLEAR);
    await from.deposit(2, 1n);
    expect(await settlement.reserveOf(2)).to.equal(2n);
  });

  it("changes nothing when the reserves do not come", async () => {
    const { settlement, registry, token, members } = await load();
    const { operator } = members[1]!;
    const seq = await registry.seq();
    await token.connect(operator).approve(await settlement.getAddress(), 4n);
    await expect(settlement.connect(operator).deposit(2, 5n)).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    expect(await settlement.reserveOf(2)).to.equal(0n);
    expect(await registry.seq()).to.equal(seq);
  });
});

describe("Settlement.withdraw", () => {
  const load = useConsortium();

  it("pays the operator what its member is owed, once", async () => {
    const consortium = await load();
    const { settlement, token, members } = consortium;
    const { operator } = members[1]!;
    await deposit(consortium, 2, 700n);
    await settleCycle(consortium, [{ member: 2, delta: 0n, withdrawn: 300n }]);
    expect(await settlement.withdrawable(2)).to.equal(300n);
    expect(await settlement.owed()).to.equal(700n);

    await expect(settlement.connect(operator).withdraw())
      .to.emit(settlement, "Withdrawn")
      .withArgs(2, operator.address, 300n);
    expect(await token.balanceOf(operator.address)).to.equal(START.reserve - 400n);
    expect(await settlement.withdrawable(2)).to.equal(0n);
    expect(await settlement.owed()).to.equal(400n);
    await expect(settlement.connect(operator).withdraw())
      .to.be.revertedWithCustomError(settlement, "SettlementNothingToWithdraw")
      .withArgs(2);
  });

  it("pays a removed member too: what it is owed is its own [N-23]", async () => {
    const consortium = await load();
    const { settlement, registry, members } = consortium;
    await deposit(consortium, 2, 700n);
    await settleCycle(consortium, [{ member: 2, delta: 0n, withdrawn: 700n }]);
    await registry.setStatus(2, REMOVED);
    await settlement.connect(members[1]!.operator).withdraw();
    expect(await settlement.owed()).to.equal(0n);
  });

  it("pays nobody who speaks for no member", async () => {
    const { settlement, stranger, authority } = await load();
    for (const account of [stranger, authority]) {
      await expect(settlement.connect(account).withdraw())
        .to.be.revertedWithCustomError(settlement, "SettlementNotOperator")
        .withArgs(account.address);
    }
  });

  it("leaves what is owed where the operator may not receive it", async () => {
    const consortium = await load();
    const { settlement, token, members } = consortium;
    const { operator } = members[1]!;
    await deposit(consortium, 2, 700n);
    await settleCycle(consortium, [{ member: 2, delta: 0n, withdrawn: 300n }]);
    await token.setParticipant(operator.address, false);
    await expect(settlement.connect(operator).withdraw())
      .to.be.revertedWithCustomError(token, "ReserveTokenNotParticipant")
      .withArgs(operator.address);
    expect(await settlement.withdrawable(2)).to.equal(300n);
  });
});
