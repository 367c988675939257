/**
 * A token that calls back finds the books closed: its deposits belong to the cycle their `seq` is in, and a
 * bond is counted once.
 */
import { expect } from "chai";
import { roles } from "../../node/chain/abi.ts";
import {
  behindProxy,
  type Consortium,
  defaultParameters,
  settle,
} from "../../scripts/bench/consortium.ts";
import { apply, coinOf, device, proofOf, spend } from "../../scripts/bench/double-spends.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { checkpoint, useConsortium } from "./support/deployment.ts";

describe("a token that calls back", () => {
  const load = useConsortium();

  /** Another Settlement, over such a token, which speaks for member 4. */
  async function withCallingToken() {
    const consortium = await load();
    const { registry, accessManager, members, connection } = consortium;
    const { ethers, networkHelpers } = connection;
    const holder = members[0]!.operator;
    const token = await ethers.deployContract("CallingToken", [holder.address, 1000n]);
    const { address } = await behindProxy(
      connection,
      "Settlement",
      [await registry.getAddress(), await token.getAddress()],
      [await accessManager.getAddress()],
    );
    const settlement = await ethers.getContractAt("Settlement", address);
    await registry.setWriter(address, true);
    await registry.setOperator(4, await token.getAddress());
    await token.connect(holder).approve(address, 1000n);
    await networkHelpers.time.increase(2);
    const domain = { ...consortium.domain, settlement: address.toLowerCase() as Hex };
    const over: Consortium = { ...consortium, settlement, domain };
    return { over, token, holder, settlement };
  }

  it("closes a cycle during a deposit, and the cycle settles with the deposit in it", async () => {
    const { over, token, holder, settlement } = await withCallingToken();
    const close = settlement.interface.encodeFunctionData("closeCycle");
    await token.callOnMove(await settlement.getAddress(), close);
    const receipt = await (await settlement.connect(holder).deposit(1, 700n)).wait();

    const names = receipt!.logs.map((log) => settlement.interface.parseLog(log)?.name);
    expect(names.filter((name) => name === "Deposited" || name === "CycleClosed")).to.deep.equal([
      "Deposited",
      "CycleClosed",
    ]);
    expect((await settlement.getCycle(1)).inflow).to.equal(700n);
    await settle(over, await checkpoint(over));
    expect((await settlement.getCycle(1)).supply).to.equal(700n);
  });

  it("deposits during a deposit no further than the quota", async () => {
    const { over, token, holder, settlement } = await withCallingToken();
    await over.registry.setQuota(1, 1000n);
    const again = settlement.interface.encodeFunctionData("deposit", [1, 301n]);
    await token.callOnMove(await settlement.getAddress(), again);
    await expect(settlement.connect(holder).deposit(1, 700n))
      .to.be.revertedWithCustomError(settlement, "SettlementQuotaExceeded")
      .withArgs(1, 1001n, 1000n);
    expect(await settlement.reserveOf(1)).to.equal(0n);
  });

  it("withdraws during a withdrawal nothing a second time", async () => {
    const { over, token, holder, settlement } = await withCallingToken();
    await settlement.connect(holder).deposit(4, 700n);
    await settlement.connect(holder).closeCycle();
    const burn = [{ member: 4, delta: 0n, withdrawn: 300n }];
    await settle(over, await checkpoint(over, burn));
    const again = settlement.interface.encodeFunctionData("withdraw");
    await token.callOnMove(await settlement.getAddress(), again);
    const { ethers, networkHelpers } = over.connection;
    const address = await token.getAddress();
    await networkHelpers.impersonateAccount(address);
    await networkHelpers.setBalance(address, 10n ** 18n);
    const operator = await ethers.getSigner(address);
    await expect(settlement.connect(operator).withdraw())
      .to.be.revertedWithCustomError(settlement, "SettlementNothingToWithdraw")
      .withArgs(4);
    expect(await settlement.withdrawable(4)).to.equal(300n);
  });

  /** Disputes over such a Settlement. The token speaks for member 4, whose bond is 1,000. */
  async function withBond() {
    const { over, token, holder, settlement } = await withCallingToken();
    const { accessManager, connection, registry } = over;
    const { ethers, networkHelpers } = connection;
    const { address } = await behindProxy(
      connection,
      "Disputes",
      [await settlement.getAddress()],
      [await accessManager.getAddress()],
    );
    const disputes = await ethers.getContractAt("Disputes", address);
    await settlement.setArbiter(address, true);
    await token.connect(holder).approve(address, 1000n);
    await disputes.connect(holder).depositBond(4, 1000n);
    await registry.setGuarantee(4, 0n);
    const caller = await token.getAddress();
    await networkHelpers.impersonateAccount(caller);
    await networkHelpers.setBalance(caller, 10n ** 18n);
    const operator = disputes.connect(await ethers.getSigner(caller));
    await networkHelpers.time.increase(defaultParameters.claimPeriod + 1);
    return { over, token, holder, settlement, disputes, address, operator };
  }

  it("deposits into a bond during a deposit no more than the tokens that come", async () => {
    const { token, holder, settlement, disputes, address } = await withBond();
    // What the token would pay in itself it must have and approve: its call is refused, and all with it.
    const again = disputes.interface.encodeFunctionData("depositBond", [4, 5n]);
    await token.callOnMove(address, again);
    await expect(disputes.connect(holder).depositBond(4, 7n)).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    expect((await disputes.bondOf(4)).amount).to.equal(1000n);
    expect(await settlement.owed()).to.equal(1000n);
  });

  it("releases during a release nothing a second time", async () => {
    const { over, token, settlement, disputes, address, operator } = await withBond();
    await operator.requestRelease(600n);
    await over.connection.networkHelpers.time.increase(defaultParameters.claimPeriod);
    await token.callOnMove(address, disputes.interface.encodeFunctionData("releaseBond"));
    await expect(operator.releaseBond())
      .to.be.revertedWithCustomError(disputes, "DisputesNoRelease")
      .withArgs(4);
    expect((await disputes.bondOf(4)).amount).to.equal(1000n);

    await token.callOnMove(
      address,
      disputes.interface.encodeFunctionData("requestRelease", [400n]),
    );
    await operator.releaseBond();
    const { amount, leaving } = await disputes.bondOf(4);
    expect([amount, leaving]).to.deep.equal([400n, 400n]);
    expect(await token.balanceOf(await settlement.getAddress())).to.equal(400n);
    expect(await settlement.owed()).to.equal(400n);
  });

  it("collects fines while they are collected nothing a second time", async () => {
    const { over, token, settlement, disputes, address } = await withBond();
    const { accessManager, arbiter, authority, connection } = over;
    const { ethers } = connection;
    await settlement.setArbiter(arbiter.address, true);
    await settlement.connect(arbiter).fine(4, 300n);
    const collect = disputes.interface.getFunction("collectFines").selector;
    await accessManager.setTargetFunctionRole(address, [collect], roles.AUTHORITY);
    await accessManager.grantRole(roles.AUTHORITY, await token.getAddress(), 0);
    const to = ethers.getAddress(`0x${"77".repeat(20)}`);
    await token.callOnMove(address, disputes.interface.encodeFunctionData("collectFines", [to]));
    await expect(disputes.connect(authority).collectFines(to)).to.be.revertedWithCustomError(
      disputes,
      "DisputesNoFines",
    );
    expect([await disputes.fines(), await token.balanceOf(to)]).to.deep.equal([300n, 0n]);
  });

  it("does not move when a double spend is paid: there is nothing to call back from", async () => {
    const { over, token, holder, settlement, disputes, address } = await withBond();
    const world: Consortium = { ...over, disputes };
    const by = device("cheat", 4);
    const coin = coinOf(world, by, 100n, 1);
    const [winner, loser] = ["winner", "loser"].map((name) =>
      spend(world, { name, coins: [coin], by }),
    ) as [SignedRecord, SignedRecord];
    const applied = await apply(world, [winner]);
    await over.registry.setGuarantee(4, 100n);
    await token.callOnMove(address, "0x00000000");
    await disputes.connect(holder).report(proofOf(world, { coin, loser, winner, applied }));
    const { amount } = await disputes.bondOf(4);
    expect([amount, await disputes.fines(), await settlement.reserveOf(4)]).to.deep.equal([
      700n,
      200n,
      100n,
    ]);
  });
});
