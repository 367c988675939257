/** A token that calls back finds the books closed: its deposits belong to the cycle their `seq` is in. */
import { expect } from "chai";
import { behindProxy, type Consortium, settle } from "../../scripts/bench/consortium.ts";
import type { Hex } from "../../protocol/bytes.ts";
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
});
